/** Activation patching: exact, along direct paths, and its linear estimate. */

import "../../core/runtime.ts";

export { attributionFaithfulness, attributionPatching, type Faithfulness } from "./attribution.ts";
export {
  type DirectPathOptions,
  getActPatchDirectPath as directPath,
  getActPatchDirectPathAllSources as directPathAllSources,
  type PathComponent,
} from "./direct-path.ts";
export type { EveryPatch } from "./every.ts";
export { type ActPatch, compileActPatch } from "./families.ts";
export type {
  CompiledPatch,
  CompilePatchOptions,
  GenericPatchOptions,
  PatchFamily,
} from "./generic.ts";
export { indicesFromRanges } from "./grid.ts";
export { type SweepOptions, sweep } from "./named.ts";
export type {
  IndexAxis,
  IndexEntry,
  Metric,
  PatchOptions,
  PatchResult,
  PatchSetter,
} from "./types.ts";
