/** Shapes, plain arrays, errors, claims: what every other folder builds on. */

import "./runtime.ts";

export { type Claim, type ClaimKind, type ClaimValue, claimKinds } from "./claim.ts";
export { dims } from "./dims.ts";
export { InputError, MissingError, nearestNames, ShapeError, UnknownNameError } from "./errors.ts";
export { checkIndices } from "./indices.ts";
export {
  bytesPerElement,
  type DType,
  type NdArray,
  nd,
  type Shape,
  type Spec,
  sizeOf,
  type TypedArray,
  zerosOf,
} from "./nd.ts";
export { checkOptions, type OptionNames } from "./options.ts";
export type { Rng } from "./rng.ts";
export type { Source } from "./source.ts";
