/** Claims: a number from elsewhere, the number measured here, and the rule by which they agree. */

import { type Claim, type ClaimKind, type ClaimValue, claimKinds } from "../core/claim.ts";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import type { Source } from "../core/source.ts";
import { shown } from "../core/text.ts";

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

/**
 * Judge a measured value. NaN agrees with nothing.
 * @throws InputError or UnknownNameError for a source without paper or kind, a rule that is none or
 * several, and values that are no `ClaimValue`.
 */
export function judge(
  id: string,
  text: string,
  source: Reference,
  expected: ClaimValue,
  measured: ClaimValue | undefined,
  rule: Rule = "equal",
): JudgedClaim {
  const where = `claim "${id}"`;
  checkRule(where, rule);
  checkSource(where, source);
  checkValue(where, "expected", expected);
  if (measured !== undefined) checkValue(where, "measured", measured);
  const holds = measured === undefined ? undefined : agrees(expected, measured, rule);
  return { id, text, source, expected, tolerance: inWords(rule), measured, holds };
}

function checkSource(where: string, source: Reference): void {
  checkOptions(where, source, referenceNames);
  if (!claimKinds.includes(source.kind)) {
    throw new UnknownNameError(where, "kind", String(source.kind), claimKinds);
  }
  if (typeof source.paper === "string") return;
  throw new InputError(
    `${where}: paper must say where it is from, such as "this study", got ${shown(source.paper)}`,
  );
}

function checkRule(where: string, rule: Rule): void {
  if (rule === "equal") return;
  checkOptions(where, rule, ruleNames);
  const given = Object.keys(rule).filter((name) => name !== "why");
  if (given.length === 1) return;
  const rules = Object.keys(ruleNames).filter((name) => name !== "why");
  throw new InputError(
    `${where}: the rule must be one of ${rules.join(", ")}, got ${given.join(" and ") || "none"}`,
  );
}

function checkValue(where: string, name: string, value: unknown): void {
  const types = new Set([value].flat().map((one) => typeof one));
  const [type = "number"] = types;
  const known = Array.isArray(value) ? ["number", "string"] : ["number", "string", "boolean"];
  if (types.size <= 1 && known.includes(type)) return;
  throw new InputError(
    `${where}: ${name} must be a number, true, false, a text, or a list of numbers or of texts, got ${shown(value)}`,
  );
}

function agrees(expected: ClaimValue, measured: ClaimValue, rule: Rule): boolean {
  if (rule === "equal") return same(expected, measured);
  if ("inCommon" in rule) {
    const [wanted, got] = [
      new Set<unknown>([expected].flat()),
      new Set<unknown>([measured].flat()),
    ];
    return [...got].filter((value) => wanted.has(value)).length >= rule.inCommon;
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

/** Whether two values, or two lists value by value, are the same; NaN is not the same as NaN. */
function same(expected: ClaimValue, measured: ClaimValue): boolean {
  if (!Array.isArray(expected) || !Array.isArray(measured)) return expected === measured;
  return expected.length === measured.length && expected.every((a, i) => a === measured[i]);
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
