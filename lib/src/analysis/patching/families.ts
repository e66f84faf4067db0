import { checkOptions } from "../../core/options.ts";
import type { ActivationCache, HookedModel, Tokens } from "../../models/index.ts";
import {
  type CompiledPatch,
  type CompilePatchOptions,
  compilePatchFamily,
  type PatchFamily,
  patchFamily,
} from "./generic.ts";
import {
  layerHeadDestSrcPosPatternPatchSetter,
  layerHeadPatternPatchSetter,
  layerHeadPosPatternPatchSetter,
  layerHeadVectorPatchSetter,
  layerPosHeadVectorPatchSetter,
  layerPosPatchSetter,
} from "./setters.ts";
import {
  type IndexAxis,
  type Metric,
  type PatchOptions,
  type PatchResult,
  type PatchSetter,
  patchNames,
} from "./types.ts";

/** Patches of one kind: every index of `family.axes`; arguments as for `genericActivationPatch`. */
export interface ActPatch {
  <C>(
    model: HookedModel<C>,
    corruptedTokens: Tokens,
    cleanCache: ActivationCache,
    metric: Metric,
    options?: PatchOptions,
  ): Promise<PatchResult>;
  readonly family: PatchFamily;
}

function actPatch(
  name: string,
  activation: string,
  setter: PatchSetter,
  axes: readonly IndexAxis[],
): ActPatch {
  const family: PatchFamily = { name, activation, setter, axes };
  const run = <C>(
    model: HookedModel<C>,
    corruptedTokens: Tokens,
    cleanCache: ActivationCache,
    metric: Metric,
    options: PatchOptions = {},
  ): Promise<PatchResult> => {
    checkOptions(name, options, patchNames);
    return patchFamily(model, corruptedTokens, cleanCache, metric, family, options);
  };
  return Object.assign(run, { family });
}

/**
 * Compile one kind of patches for tokens of one shape: `const patch = await
 * compileActPatch(getActPatchResidPre, model, metric, { backend, shape: [1, 32] })`, then
 * `patch.run(corruptedTokens, cleanCache)` for each pair of prompts. The weights are those of now.
 */
export function compileActPatch<C>(
  patch: ActPatch,
  model: HookedModel<C>,
  metric: Metric,
  options: CompilePatchOptions,
): Promise<CompiledPatch> {
  checkOptions("compileActPatch", options, { ...patchNames, shape: true });
  return compilePatchFamily(model, metric, patch.family, options);
}

const byPos = ["layer", "pos"] as const;
const byHeadAndPos = ["layer", "pos", "head"] as const;
const byHead = ["layer", "head"] as const;

/** Residual stream before each block, "layer pos". */
export const getActPatchResidPre: ActPatch = actPatch(
  "getActPatchResidPre",
  "resid_pre",
  layerPosPatchSetter,
  byPos,
);

/** Residual stream between attention and MLP, "layer pos". */
export const getActPatchResidMid: ActPatch = actPatch(
  "getActPatchResidMid",
  "resid_mid",
  layerPosPatchSetter,
  byPos,
);

/** Output of each attention layer, "layer pos". */
export const getActPatchAttnOut: ActPatch = actPatch(
  "getActPatchAttnOut",
  "attn_out",
  layerPosPatchSetter,
  byPos,
);

/** Output of each MLP, "layer pos". */
export const getActPatchMlpOut: ActPatch = actPatch(
  "getActPatchMlpOut",
  "mlp_out",
  layerPosPatchSetter,
  byPos,
);

/** Output z of each head at each position, "layer pos head". */
export const getActPatchAttnHeadOutByPos: ActPatch = actPatch(
  "getActPatchAttnHeadOutByPos",
  "z",
  layerPosHeadVectorPatchSetter,
  byHeadAndPos,
);

/** Query of each head at each position, "layer pos head". */
export const getActPatchAttnHeadQByPos: ActPatch = actPatch(
  "getActPatchAttnHeadQByPos",
  "q",
  layerPosHeadVectorPatchSetter,
  byHeadAndPos,
);

/** Key of each head at each position, "layer pos head". */
export const getActPatchAttnHeadKByPos: ActPatch = actPatch(
  "getActPatchAttnHeadKByPos",
  "k",
  layerPosHeadVectorPatchSetter,
  byHeadAndPos,
);

/** Value of each head at each position, "layer pos head". */
export const getActPatchAttnHeadVByPos: ActPatch = actPatch(
  "getActPatchAttnHeadVByPos",
  "v",
  layerPosHeadVectorPatchSetter,
  byHeadAndPos,
);

/** Attention of each head from each destination, "layer head dest". */
export const getActPatchAttnHeadPatternByPos: ActPatch = actPatch(
  "getActPatchAttnHeadPatternByPos",
  "pattern",
  layerHeadPosPatternPatchSetter,
  ["layer", "head", "dest"],
);

/** Attention of each head from each destination to each source, "layer head dest src". */
export const getActPatchAttnHeadPatternDestSrcPos: ActPatch = actPatch(
  "getActPatchAttnHeadPatternDestSrcPos",
  "pattern",
  layerHeadDestSrcPosPatternPatchSetter,
  ["layer", "head", "dest", "src"],
);

/** Output z of each head at all positions, "layer head". */
export const getActPatchAttnHeadOutAllPos: ActPatch = actPatch(
  "getActPatchAttnHeadOutAllPos",
  "z",
  layerHeadVectorPatchSetter,
  byHead,
);

/** Queries of each head at all positions, "layer head". */
export const getActPatchAttnHeadQAllPos: ActPatch = actPatch(
  "getActPatchAttnHeadQAllPos",
  "q",
  layerHeadVectorPatchSetter,
  byHead,
);

/** Keys of each head at all positions, "layer head". */
export const getActPatchAttnHeadKAllPos: ActPatch = actPatch(
  "getActPatchAttnHeadKAllPos",
  "k",
  layerHeadVectorPatchSetter,
  byHead,
);

/** Values of each head at all positions, "layer head". */
export const getActPatchAttnHeadVAllPos: ActPatch = actPatch(
  "getActPatchAttnHeadVAllPos",
  "v",
  layerHeadVectorPatchSetter,
  byHead,
);

/** The whole attention pattern of each head, "layer head". */
export const getActPatchAttnHeadPatternAllPos: ActPatch = actPatch(
  "getActPatchAttnHeadPatternAllPos",
  "pattern",
  layerHeadPatternPatchSetter,
  byHead,
);
