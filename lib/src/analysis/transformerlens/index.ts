/** Activation patching under TransformerLens's names; `patching.sweep` does the same by name and axes. */

import "../../core/runtime.ts";

export {
  getActPatchDirectPath,
  getActPatchDirectPathAllSources,
} from "../patching/direct-path.ts";
export {
  getActPatchAttnHeadAllPosEvery,
  getActPatchAttnHeadByPosEvery,
  getActPatchBlockEvery,
} from "../patching/every.ts";
export {
  getActPatchAttnHeadKAllPos,
  getActPatchAttnHeadKByPos,
  getActPatchAttnHeadOutAllPos,
  getActPatchAttnHeadOutByPos,
  getActPatchAttnHeadPatternAllPos,
  getActPatchAttnHeadPatternByPos,
  getActPatchAttnHeadPatternDestSrcPos,
  getActPatchAttnHeadQAllPos,
  getActPatchAttnHeadQByPos,
  getActPatchAttnHeadVAllPos,
  getActPatchAttnHeadVByPos,
  getActPatchAttnOut,
  getActPatchMlpOut,
  getActPatchResidMid,
  getActPatchResidPre,
} from "../patching/families.ts";
export { genericActivationPatch } from "../patching/generic.ts";
export {
  layerHeadDestSrcPosPatternPatchSetter,
  layerHeadPatternPatchSetter,
  layerHeadPosPatternPatchSetter,
  layerHeadVectorPatchSetter,
  layerPosHeadVectorPatchSetter,
  layerPosPatchSetter,
} from "../patching/setters.ts";
