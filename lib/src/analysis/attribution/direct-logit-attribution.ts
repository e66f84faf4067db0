import type { Tensor } from "../../arrays/index.ts";
import { InputError, UnknownNameError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import {
  ActivationCache,
  type HookedModel,
  type LabeledStack,
  type Slice,
  type TokenChoice,
  type Tokens,
} from "../../models/index.ts";

/** What a logit is taken apart into. */
export const attributionUnits = ["component", "layer", "head"] as const;
/** The parts that a logit is taken apart into. */
export type AttributionUnit = (typeof attributionUnits)[number];

/** Which logit to take apart, and into what. */
export interface AttributionOptions {
  /** Token whose logit is attributed: one for all, one per sequence, or "batch pos". */
  readonly answerTokens: TokenChoice;
  /** Attribute logit(answer) - logit(incorrect) instead; of the same shape. */
  readonly incorrectTokens?: TokenChoice;
  /**
   * "component" (default): embeddings and outputs of attention and MLPs, which add up. "head": every
   * head and the remainder, which add up. "layer": the stream so far, whose last entry is the whole.
   */
  readonly unit?: AttributionUnit;
  /** Position, default -1 (the last); one position drops the axis. "all" keeps every position. */
  readonly pos?: Slice | "all";
}

/** What each part of a model adds to a logit. */
export interface DirectLogitAttribution {
  /** Logits "component batch", with a slice or "all" of the positions "component batch pos". */
  readonly attribution: Tensor;
  readonly labels: readonly string[];
  readonly unit: AttributionUnit;
  /** The `k` (default 5) labels with the largest attribution, averaged over batch and positions. */
  top(k?: number): readonly (readonly [label: string, value: number])[];
}

type Decompose = (cache: ActivationCache, posSlice: { readonly posSlice?: Slice }) => LabeledStack;

const decompositions: { readonly [U in AttributionUnit]: Decompose } = {
  component: (cache, slice) => cache.decomposeResid(undefined, slice),
  layer: (cache, slice) => cache.accumulatedResid(undefined, { inclMid: true, ...slice }),
  head: (cache, slice) => cache.stackHeadResults(undefined, { inclRemainder: true, ...slice }),
};

/**
 * What each part of the model adds to a logit, or to a difference of two, of tokens or of a cache:
 * its output, divided by the scale that the final norm has there, times the column of W_U (and the
 * weight of the norm). Parts that add up give the logit without `b_U` and what the bias of the final
 * norm adds, which no part writes. After TransformerLens's `direct_logit_attribution`; see Wang et
 * al. 2022, Interpretability in the Wild.
 */
export function directLogitAttribution<C>(
  model: HookedModel<C>,
  input: Tokens | ActivationCache,
  options: AttributionOptions,
): DirectLogitAttribution {
  checkOptions("directLogitAttribution", options, {
    answerTokens: true,
    incorrectTokens: true,
    unit: true,
    pos: true,
  });
  const { answerTokens, incorrectTokens, unit = "component", pos = -1 } = options;
  const decompose: Decompose | undefined = decompositions[unit];
  if (decompose === undefined) {
    throw new UnknownNameError("directLogitAttribution", "unit", unit, attributionUnits);
  }
  const cache = input instanceof ActivationCache ? input : model.runWithCache(input).cache;
  const slice = pos === "all" ? {} : { posSlice: pos };
  const { stack, labels } = cache.logitAttrs(decompose(cache, slice), answerTokens, {
    ...slice,
    ...(incorrectTokens === undefined ? {} : { incorrectTokens }),
  });
  return { attribution: stack, labels, unit, top: (k = 5) => largest(stack, labels, k) };
}

function largest(
  attribution: Tensor,
  labels: readonly string[],
  k: number,
): readonly (readonly [string, number])[] {
  if (!(Number.isInteger(k) && k >= 0)) {
    throw new InputError(`top: k must be an integer of at least 0, got ${k}`);
  }
  const means = attribution.reshape([labels.length, -1]).mean(1).readSync().data;
  return labels
    .map((label, i) => [label, means[i] as number] as const)
    .sort(([, a], [, b]) => b - a)
    .slice(0, k);
}
