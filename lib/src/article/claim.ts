/** Claims: a number from elsewhere, the number measured here, and the rule by which they agree. */

import type { Claim, ClaimKind, ClaimValue } from "../core/claim.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import type { Source } from "../core/source.ts";

/** A source with the kind of what it says. */
export interface Reference extends Source {
  readonly kind: ClaimKind;
}

/** When the measured value agrees with the expected one; a range gives its reason. */
export type Rule =
  | "equal"
  | { readonly within: number; readonly why: string }
  | { readonly share: number; readonly why: string }
  | { readonly atMost: string }
  | { readonly atLeast: string }
  | { readonly between: string }
  | { readonly inCommon: number; readonly why: string };

const referenceNames: OptionNames<Reference> = { kind: true, paper: true, at: true, url: true };

const ruleNames: OptionNames<Exclude<Rule, "equal">> = {
  within: true,
  share: true,
  atMost: true,
  atLeast: true,
  between: true,
  inCommon: true,
  why: true,
};

/** A claim of an article: its source has a kind. */
export interface JudgedClaim extends Claim {
  readonly source: Reference;
}

/** Judge a measured value. NaN agrees with nothing. */
export function judge(
  id: string,
  text: string,
  source: Reference,
  expected: ClaimValue,
  measured: ClaimValue | undefined,
  rule: Rule = "equal",
): JudgedClaim {
  if (rule !== "equal") checkOptions(`claim "${id}"`, rule, ruleNames);
  checkOptions(`claim "${id}"`, source, referenceNames);
  const holds = measured === undefined ? undefined : agrees(expected, measured, rule);
  return { id, text, source, expected, tolerance: inWords(rule), measured, holds };
}

function agrees(expected: ClaimValue, measured: ClaimValue, rule: Rule): boolean {
  if (rule === "equal") return JSON.stringify(measured) === JSON.stringify(expected);
  if ("inCommon" in rule) {
    const [wanted, got] = [expected, measured] as [readonly unknown[], readonly unknown[]];
    return got.filter((value) => wanted.includes(value)).length >= rule.inCommon;
  }
  if ("between" in rule) {
    const [low, high] = expected as readonly [number, number];
    return low <= Number(measured) && Number(measured) <= high;
  }
  if ("within" in rule) return each(expected, measured, (a, b) => Math.abs(b - a) <= rule.within);
  if ("share" in rule) return each(expected, measured, (a, b) => Math.abs(b / a - 1) <= rule.share);
  const [wanted, got] = [Number(expected), Number(measured)];
  return "atMost" in rule ? got <= wanted : got >= wanted;
}

/** Whether two numbers, or two lists of the same length number by number, are near. */
function each(
  expected: ClaimValue,
  measured: ClaimValue,
  near: (wanted: number, got: number) => boolean,
): boolean {
  const [wanted, got] = [[expected].flat(), [measured].flat()].map((list) => list.map(Number)) as [
    number[],
    number[],
  ];
  return wanted.length === got.length && wanted.every((a, i) => near(a, got[i] as number));
}

function inWords(rule: Rule): string {
  if (rule === "equal") return "equal";
  if ("within" in rule) return `within ${rule.within}: ${rule.why}`;
  if ("share" in rule) return `within ${Number((100 * rule.share).toPrecision(3))} %: ${rule.why}`;
  if ("atMost" in rule) return `at most: ${rule.atMost}`;
  if ("atLeast" in rule) return `at least: ${rule.atLeast}`;
  if ("between" in rule) return `between: ${rule.between}`;
  return `at least ${rule.inCommon} in common: ${rule.why}`;
}
