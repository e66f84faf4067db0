/** What is measured of a model whose last number also asks: circuits, and answers to sequences. */

import { svd } from "../../analysis/linalg/index.ts";
import { maxCircuits } from "../../analysis/proofs/index.ts";
import { tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { Subject } from "../../lab/index.ts";
import { measurements as proofs } from "../max-of-two/measure.ts";

/** When the text of one of these modules changes, everything is measured again. */
export const measurements = [import.meta.url, proofs];

/** Attention scores without positions, the direction they agree on, and what attention writes. */
export function circuits({ weights }: Subject) {
  const { keys, copy, scoreDivisor, queryCounts, vocab } = maxCircuits(weights);
  if (!queryCounts) {
    throw new InputError('max-of-four: the model must have no token "="; use max-of-two');
  }
  const scores: NdArray = { ...keys, data: keys.data.map((score) => score * scoreDivisor) };
  const { S, V } = svd(scores);
  const width = V.shape[1] as number;
  const direction = Array.from({ length: V.shape[0] as number }, (_, i) => V.data[i * width] ?? 0);
  const sign = Math.sign(direction.at(-1) ?? 1);
  const margins = Array.from({ length: vocab }, (_, token) => {
    const row = copy.data.subarray(token * vocab, (token + 1) * vocab);
    return (row[token] as number) - Math.max(...row.filter((_value, out) => out !== token));
  });
  return {
    /** "query token": not divided by √d_head. */
    scores,
    /** First four singular values of `scores`. */
    singularValues: S.slice(0, 4),
    /** "token": first right singular vector of `scores`; its sign makes the last entry positive. */
    sizeDirection: direction.map((x) => sign * x),
    /** "token out": logits written when a number is attended to. */
    copy,
    /** "token": logit of the number itself less the largest other. */
    margins,
    vocab,
  };
}
export type Circuits = ReturnType<typeof circuits>;

/** Attention of the last position and its logits, for a sequence of numbers. */
export async function answer({ run }: Subject, sequence: readonly number[]) {
  const tokens = nd("int32", [1, sequence.length], sequence);
  const { pattern, logits } = await run((model, input) => {
    const { cache, logits: all } = model.runWithCache(input);
    return {
      pattern: cache.get("blocks.0.attn.hook_pattern").at(0, 0, -1),
      logits: all.at(0, -1),
    };
  }, tokens);
  const numbers = (array: NdArray): number[] => tensor(array).tolist() as number[];
  return { attention: numbers(pattern), logits: numbers(logits) };
}
export type Answer = Awaited<ReturnType<typeof answer>>;
