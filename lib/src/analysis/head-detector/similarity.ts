import type { Tensor } from "../../arrays/index.ts";
import { ShapeError, UnknownNameError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";

/** How a head's attention is compared with a detection pattern. */
export const errorMeasures = ["mul", "abs"] as const;
/** How a pattern of attention is compared with another; see `SimilarityOptions`. */
export type ErrorMeasure = (typeof errorMeasures)[number];

/** What counts when two patterns of attention are compared. */
export interface SimilarityOptions {
  /** Leave out attention to the first position; default false. */
  readonly excludeBos?: boolean;
  /** Leave out attention of a position to itself; default false. */
  readonly excludeCurrentToken?: boolean;
  /**
   * `mul`: the share of the attention that falls on the pattern, sum(A P) / sum(A), for patterns of
   * zeros and ones. `abs`: 1 - sum |A - P| / length, which is 1 for equal patterns and -1 for
   * patterns that share nothing. Default `mul`.
   */
  readonly errorMeasure?: ErrorMeasure;
}

/**
 * How alike the attention of a head and a detection pattern are, both "dest src"; see
 * `SimilarityOptions`. NaN where `mul` leaves out all attention. TransformerLens rounds `abs` to three
 * decimals; this does not.
 */
export function computeHeadAttentionSimilarityScore(
  attention: Tensor,
  pattern: Tensor,
  options: SimilarityOptions = {},
): number {
  checkOptions("computeHeadAttentionSimilarityScore", options, {
    excludeBos: true,
    excludeCurrentToken: true,
    errorMeasure: true,
  });
  const { excludeBos = false, excludeCurrentToken = false, errorMeasure = "mul" } = options;
  const where = "computeHeadAttentionSimilarityScore";
  checkMeasure(where, errorMeasure);
  const [length = -1] = attention.shape;
  for (const { shape } of [attention, pattern]) {
    if (shape.join() !== `${length},${length}`) {
      throw new ShapeError(`${where}: "dest src"`, [length, length], shape);
    }
  }
  return similarity(attention.readSync().data, pattern.readSync().data, length, {
    excludeBos,
    excludeCurrentToken,
    errorMeasure,
  });
}

/** The score of numbers "dest src", row by row. */
export function similarity(
  attention: ArrayLike<unknown>,
  pattern: ArrayLike<unknown>,
  length: number,
  { excludeBos, excludeCurrentToken, errorMeasure }: Required<SimilarityOptions>,
): number {
  let [on, total, difference] = [0, 0, 0];
  for (let i = 0; i < length * length; i++) {
    const [dest, src] = [Math.floor(i / length), i % length];
    if ((excludeBos && src === 0) || (excludeCurrentToken && src === dest)) continue;
    const [a, p] = [Number(attention[i]), Number(pattern[i])];
    on += a * p;
    total += a;
    difference += Math.abs(a - p);
  }
  return errorMeasure === "mul" ? on / total : 1 - difference / length;
}

/** @throws UnknownNameError for another measure. */
export function checkMeasure(where: string, measure: ErrorMeasure): void {
  if (errorMeasures.includes(measure)) return;
  throw new UnknownNameError(where, "error measure", measure, errorMeasures);
}
