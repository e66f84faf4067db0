import { InputError } from "../../core/errors.ts";
import { checkOptions, type OptionNames } from "../../core/options.ts";

/** How many times the uniform share makes a frequency a key frequency, unless told otherwise. */
export const defaultTimesUniform = 2;

/**
 * Which frequencies count as key, given the share of each:
 * - `timesUniform`: those with at least `factor` times the share they would have if all
 *   frequencies had the same. Default, with factor 2: in a random matrix "input feature" the
 *   shares scatter around uniform by a relative 1/√d (9 % for d = 128), so twice uniform is eleven
 *   standard deviations away, and an untrained network has no key frequency at all.
 * - `largestGap`: sort the shares; key are those before the largest ratio of neighbors. Always
 *   finds at least one, so it suits networks known to be periodic.
 * - `atLeast`: those with at least `share`.
 */
export type KeyFrequencyRule =
  | { readonly kind: "timesUniform"; readonly factor: number }
  | { readonly kind: "largestGap" }
  | { readonly kind: "atLeast"; readonly share: number };

const ruleNames: OptionNames<KeyFrequencyRule> = { kind: true, factor: true, share: true };

/**
 * The key frequencies found from `shares` (frequency k at index k - 1), in ascending order; none
 * when no share passes the rule.
 */
export function keyFrequencies(
  shares: readonly number[],
  rule: KeyFrequencyRule = { kind: "timesUniform", factor: defaultTimesUniform },
): number[] {
  checkOptions("keyFrequencies", rule, ruleNames);
  if (shares.length === 0 || !shares.every((share) => share >= 0)) {
    throw new InputError("keyFrequencies: shares must be a non-empty list of numbers from 0 up");
  }
  if (rule.kind === "largestGap") return beforeLargestGap(shares);
  const least = rule.kind === "atLeast" ? rule.share : rule.factor / shares.length;
  if (!(least > 0)) {
    throw new InputError(`keyFrequencies: the least share must be above 0, got ${least}`);
  }
  return shares.flatMap((share, at) => (share >= least ? [at + 1] : []));
}

/** The `count` frequencies with the largest shares, largest first; ties go to the lower one. */
export function topFrequencies(shares: readonly number[], count: number): number[] {
  return shares
    .map((share, at) => ({ share, k: at + 1 }))
    .sort((a, b) => b.share - a.share || a.k - b.k)
    .slice(0, count)
    .map(({ k }) => k);
}

function beforeLargestGap(shares: readonly number[]): number[] {
  const order = topFrequencies(shares, shares.length);
  let best = 0;
  let bestRatio = 0;
  for (let at = 0; at + 1 < order.length; at++) {
    const here = shares[(order[at] as number) - 1] as number;
    const next = shares[(order[at + 1] as number) - 1] as number;
    if (here === 0) break;
    const ratio = here / next;
    if (ratio > bestRatio) {
      best = at;
      bestRatio = ratio;
    }
  }
  if ((shares[(order[0] as number) - 1] as number) === 0) return [];
  return order.slice(0, best + 1).sort((a, b) => a - b);
}
