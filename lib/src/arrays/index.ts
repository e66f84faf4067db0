/** Tensors: NumPy-like arrays with gradients and no manual memory management. */

import "../core/runtime.ts";

export { einsum, matmul, tensordot } from "./contract.ts";
export {
  arange,
  type DTypeOption,
  eye,
  full,
  linspace,
  ones,
  type TensorData,
  tensor,
  zeros,
} from "./create.ts";
export { type Device, init } from "./device.ts";
export { promote, promoteNumber } from "./dtype.ts";
export {
  abs,
  ceil,
  clip,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  maximum,
  minimum,
  reciprocal,
  sigmoid,
  sign,
  sin,
  sqrt,
  square,
  stopGradient,
  tanh,
  where,
} from "./elementwise.ts";
export { FactoredMatrix, type FactoredSvd } from "./factored-matrix.ts";
export { oneHot, take, takeAlongAxis } from "./index-ops.ts";
export type { Index } from "./index-part.ts";
export { type Complex, linalg } from "./linalg.ts";
export { memory } from "./memory.ts";
export type { NestedNumbers } from "./nested.ts";
export { logSoftmax, logsumexp, relu, softmax } from "./nn.ts";
export {
  allclose,
  argmax,
  argmin,
  argsort,
  cumsum,
  norm,
  sort,
  std,
  type VarOptions,
  variance,
  variance as var,
} from "./reduce.ts";
export { type Scope, scope } from "./scope.ts";
export {
  broadcastTo,
  concatenate,
  diagonal,
  expandDims,
  flip,
  split,
  squeeze,
  stack,
  swapaxes,
  trace,
  tril,
  triu,
} from "./shape-ops.ts";
export { type Axis, type ReduceOptions, Tensor } from "./tensor.ts";
export {
  type Chosen,
  type GradOptions,
  grad,
  type InAxes,
  valueAndGrad,
  vmap,
} from "./transforms.ts";
export type { Tree } from "./tree.ts";
