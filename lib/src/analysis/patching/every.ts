import { checkOptions } from "../../core/options.ts";
import type { ActivationCache, HookedModel, Tokens } from "../../models/index.ts";
import {
  type ActPatch,
  getActPatchAttnHeadKAllPos,
  getActPatchAttnHeadKByPos,
  getActPatchAttnHeadOutAllPos,
  getActPatchAttnHeadOutByPos,
  getActPatchAttnHeadPatternAllPos,
  getActPatchAttnHeadPatternByPos,
  getActPatchAttnHeadQAllPos,
  getActPatchAttnHeadQByPos,
  getActPatchAttnHeadVAllPos,
  getActPatchAttnHeadVByPos,
  getActPatchAttnOut,
  getActPatchMlpOut,
  getActPatchResidPre,
} from "./families.ts";
import { reorderAxes, stackResults } from "./result.ts";
import { type Metric, type PatchOptions, type PatchResult, patchNames } from "./types.ts";

/** Several kinds of patches at once; arguments as for `genericActivationPatch`. */
export type EveryPatch = <C>(
  model: HookedModel<C>,
  corruptedTokens: Tokens,
  cleanCache: ActivationCache,
  metric: Metric,
  options?: PatchOptions,
) => Promise<PatchResult>;

function every(
  where: string,
  patches: { readonly [name: string]: ActPatch },
  axes: readonly string[],
): EveryPatch {
  return async (model, corruptedTokens, cleanCache, metric, options) => {
    checkOptions(where, options, patchNames);
    const parts: { readonly name: string; readonly result: PatchResult }[] = [];
    for (const [name, patch] of Object.entries(patches)) {
      const result = await patch(model, corruptedTokens, cleanCache, metric, options);
      const named = {
        ...result,
        axes: result.axes.map((axis) => (axis === "dest" ? "pos" : axis)),
      };
      parts.push({ name, result: reorderAxes(named, axes) });
    }
    return stackResults("patch", parts);
  };
}

/** Heads at all positions, "patch layer head" with the patches out, q, k, v, pattern. */
export const getActPatchAttnHeadAllPosEvery: EveryPatch = every(
  "getActPatchAttnHeadAllPosEvery",
  {
    out: getActPatchAttnHeadOutAllPos,
    q: getActPatchAttnHeadQAllPos,
    k: getActPatchAttnHeadKAllPos,
    v: getActPatchAttnHeadVAllPos,
    pattern: getActPatchAttnHeadPatternAllPos,
  },
  ["layer", "head"],
);

/**
 * Heads by position, "patch layer pos head" with the patches out, q, k, v, pattern; the position of
 * a pattern is its destination.
 */
export const getActPatchAttnHeadByPosEvery: EveryPatch = every(
  "getActPatchAttnHeadByPosEvery",
  {
    out: getActPatchAttnHeadOutByPos,
    q: getActPatchAttnHeadQByPos,
    k: getActPatchAttnHeadKByPos,
    v: getActPatchAttnHeadVByPos,
    pattern: getActPatchAttnHeadPatternByPos,
  },
  ["layer", "pos", "head"],
);

/** Blocks by position, "patch layer pos" with the patches resid_pre, attn_out, mlp_out. */
export const getActPatchBlockEvery: EveryPatch = every(
  "getActPatchBlockEvery",
  { resid_pre: getActPatchResidPre, attn_out: getActPatchAttnOut, mlp_out: getActPatchMlpOut },
  ["layer", "pos"],
);
