/** Patch one activation at every index of some axes, both given by name. */

import { InputError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import type { ActivationCache, HookedModel, Tokens } from "../../models/index.ts";
import { type GenericPatchOptions, type PatchFamily, patchFamily } from "./generic.ts";
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
  type PatchResult,
  type PatchSetter,
  patchNames,
} from "./types.ts";

/** What `sweep` patches, and where. */
export interface SweepOptions extends GenericPatchOptions {
  /** Short name of the activation, as for `getActName`: "resid_pre", "z", "pattern". */
  readonly activation: string;
  /** The axes of the index and of the result, "layer" first: ["layer", "pos"], ["layer", "head"]. */
  readonly over: readonly IndexAxis[];
}

/** Activations "batch head dest src". */
const patterns: ReadonlySet<string> = new Set(["pattern", "attn_scores", "attn"]);

/** Setters by the axes of the index. */
const ofVectors: Readonly<Record<string, PatchSetter>> = {
  "layer pos": layerPosPatchSetter,
  "layer pos head": layerPosHeadVectorPatchSetter,
  "layer head": layerHeadVectorPatchSetter,
};
const ofPatterns: Readonly<Record<string, PatchSetter>> = {
  "layer head": layerHeadPatternPatchSetter,
  "layer head dest": layerHeadPosPatternPatchSetter,
  "layer head dest src": layerHeadDestSrcPosPatternPatchSetter,
};

/**
 * For every index of `over`: the metric of the corrupted run with that slice of `activation` replaced
 * by the clean run's. With a back end, many patches run in one compiled graph.
 *
 * @param corruptedTokens int32 "batch pos"
 * @param cleanCache the clean run, with tokens of the same shape
 * @param metric of logits "batch pos d_vocab_out": one number or one per example
 * @throws InputError for axes that this activation is not patched over, and when the configuration has no
 * such point; ShapeError when the clean activations have another shape.
 */
export async function sweep<C>(
  model: HookedModel<C>,
  corruptedTokens: Tokens,
  cleanCache: ActivationCache,
  metric: Metric,
  options: SweepOptions,
): Promise<PatchResult> {
  checkOptions("patching.sweep", options, {
    ...patchNames,
    indices: true,
    activation: true,
    over: true,
  });
  const { activation, over, ...rest } = options;
  return patchFamily(model, corruptedTokens, cleanCache, metric, familyOf(activation, over), rest);
}

function familyOf(activation: string, axes: readonly IndexAxis[]): PatchFamily {
  const setters = patterns.has(activation) ? ofPatterns : ofVectors;
  const setter = setters[axes.join(" ")];
  if (setter !== undefined) return { name: "patching.sweep", activation, setter, axes };
  throw new InputError(
    `patching.sweep: over must be one of ${Object.keys(setters).join(", ")} for ${activation}, got ${axes.join(" ")}`,
  );
}
