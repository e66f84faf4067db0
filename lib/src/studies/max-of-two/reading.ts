/** What the notebook reads off the weights: where "=" looks, what is copied, what should not matter. */

import { float64, type MaxCircuits } from "../../analysis/index.ts";
import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";

export interface Reading {
  /**
   * "token": score of each number, averaged over its positions, less that of "=" with itself. Scores
   * are not divided by √d_head, as in the notebook.
   */
  readonly qk: readonly number[];
  /** "pos": what each position adds to the score, less the mean. */
  readonly positionQk: readonly number[];
  /** "token out": logits written when a number is attended to. */
  readonly ov: NdArray;
  /** "token out": the same, less the logit of the number itself. */
  readonly ovCentred: NdArray;
  readonly irrelevant: Irrelevant;
  readonly summary: ReadingSummary;
}

/** "out" each: contributions to the logits that do not depend on the numbers. */
export interface Irrelevant {
  /** (E + P) of "=" through U. */
  readonly direct: readonly number[];
  /** (E + P) of "=" through V O U. */
  readonly self: readonly number[];
  /** For each position, P less the mean of P, through V O U. */
  readonly positions: readonly (readonly number[])[];
}

export interface ReadingSummary {
  /** Numbers whose score is not above that of the number before. */
  readonly qkViolations: number;
  /** Rows of `ov` whose largest entry is the number itself. */
  readonly diagonalRows: number;
  /** Smallest logit of a number's own output less the largest other, over the rows of `ov`. */
  readonly diagonalMargin: number;
  /** Most attention that "=" pays to itself: when all numbers are the one that scores least. */
  readonly mostSelfAttention: number;
  /** Largest less smallest of `irrelevant.direct`. */
  readonly directRange: number;
}

/** Seed 004's `compute_QK`, `compute_OV`, `compute_QK_by_position` and `compute_irrelevant`. */
export function readCircuits(circuits: MaxCircuits): Reading {
  const { vocab, free, copy, position, direct, self, selfKeys, placeKeys, scoreDivisor } = circuits;
  if (circuits.queryCounts) {
    throw new InputError('max-of-two: the model must have a token "=" that asks; use max-of-four');
  }
  const row = (pos: number): Float64Array => position.data.subarray(pos * vocab, (pos + 1) * vocab);
  const meanPlace = Array.from({ length: vocab }, (_, out) =>
    mean(Array.from({ length: free }, (_, pos) => row(pos)[out] as number)),
  );
  const ov = copy.data.map((value, i) => value + (meanPlace[i % vocab] as number));
  const own = scoreDivisor * ((selfKeys[0] as number) + (placeKeys.data[free] as number));
  const places = placeScores(circuits);
  const qk = attentionScores(circuits).map((score) => score - own);
  return {
    qk,
    positionQk: places.map((score) => score - mean(places)),
    ov: float64([vocab, vocab], ov),
    ovCentred: float64(
      [vocab, vocab],
      ov.map((value, i) => value - (ov[Math.floor(i / vocab) * (vocab + 1)] as number)),
    ),
    irrelevant: {
      direct: Array.from(direct.data),
      self: Array.from(self.data, (value, out) => value + (row(free)[out] as number)),
      positions: Array.from({ length: free }, (_, pos) =>
        Array.from(row(pos), (value, out) => value - (meanPlace[out] as number)),
      ),
    },
    summary: {
      qkViolations: violations(qk),
      ...diagonalOf(ov, vocab),
      mostSelfAttention: 1 / (1 + free * Math.exp(Math.min(...qk) / scoreDivisor)),
      directRange: Math.max(...direct.data) - Math.min(...direct.data),
    },
  };
}

/** "token": score of each number, averaged over its positions, not divided by √d_head. */
export function attentionScores(circuits: MaxCircuits): number[] {
  const { vocab, keys, scoreDivisor } = circuits;
  const place = mean(placeScores(circuits));
  return Array.from(keys.data.subarray(0, vocab), (key) => key * scoreDivisor + place);
}

/** How many entries are not above the one before. */
export function violations(scores: readonly number[]): number {
  return scores.filter((score, i) => i > 0 && score <= (scores[i - 1] as number)).length;
}

function placeScores({ free, placeKeys, scoreDivisor }: MaxCircuits): number[] {
  return Array.from(placeKeys.data.subarray(0, free), (score) => score * scoreDivisor);
}

function diagonalOf(
  ov: Float64Array,
  vocab: number,
): Pick<ReadingSummary, "diagonalRows" | "diagonalMargin"> {
  const margins = Array.from({ length: vocab }, (_, token) => {
    const entries = ov.subarray(token * vocab, (token + 1) * vocab);
    const others = Math.max(...entries.filter((_, out) => out !== token));
    return (entries[token] as number) - others;
  });
  return {
    diagonalRows: margins.filter((margin) => margin > 0).length,
    diagonalMargin: Math.min(...margins),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
