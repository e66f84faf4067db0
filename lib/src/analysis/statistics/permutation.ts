import type { NdArray } from "../../core/nd.ts";
import { checkOptions } from "../../core/options.ts";
import type { Rng } from "../../core/rng.ts";
import { checkSamples, meanOf, numbersOf } from "./bootstrap.ts";

/** How groups are permuted. */
export interface PermutationOptions {
  readonly rng: Rng;
  /** Number of random permutations; default 1000. */
  readonly samples?: number;
}

/**
 * Two-sided p-value of the difference of the means of `a` and `b` under random exchange of their
 * values: (1 + permutations with a difference at least as large) / (1 + samples), which is never 0
 * (Phipson and Smyth 2010). @throws InputError for an empty group or no samples.
 */
export function permutationPValue(
  a: ArrayLike<number> | NdArray,
  b: ArrayLike<number> | NdArray,
  options: PermutationOptions,
): number {
  checkOptions("permutationPValue", options, { rng: true, samples: true });
  const { rng, samples = 1000 } = options;
  const first = numbersOf("permutationPValue: a", a);
  const second = numbersOf("permutationPValue: b", b);
  checkSamples("permutationPValue", samples);
  const pooled = Float64Array.of(...first, ...second);
  const total = meanOf(pooled) * pooled.length;
  const observed = Math.abs(meanOf(first) - meanOf(second));
  const rounding = 1e-12 * Math.max(...pooled.map(Math.abs));
  let atLeast = 1;
  for (let sample = 0; sample < samples; sample++) {
    const order = rng.randperm(pooled.length);
    let sum = 0;
    for (let i = 0; i < first.length; i++) sum += pooled[order[i] as number] as number;
    const difference = Math.abs(sum / first.length - (total - sum) / second.length);
    if (difference >= observed - rounding) atLeast++;
  }
  return atLeast / (1 + samples);
}
