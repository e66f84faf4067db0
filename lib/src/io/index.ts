/** Files as bytes: safetensors, PyTorch checkpoints, JSON with arrays; published weight layouts. */

import "../core/runtime.ts";

export {
  type AdapterOptions,
  fromProgressMeasures,
  fromRepTheory,
  fromTransformerLens,
  type Layout,
  layoutOf,
  weightsOf,
} from "./adapters.ts";
export type { ReadOptions } from "./budget.ts";
export { decodeJson, encodeJson, isNdArray, type JsonValue } from "./json.ts";
export type { PtValue } from "./pt/value.ts";
export { looksLikePt, readPt } from "./pt.ts";
export { type PtWritable, writePt } from "./pt-writer.ts";
export {
  type NamedArrays,
  readSafetensors,
  type Safetensors,
  writeSafetensors,
} from "./safetensors.ts";
export { type StateDictOptions, stateDictOf } from "./state-dict.ts";
