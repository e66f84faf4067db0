/** Claims from numbers: each function compares one measured value and words its tolerance. */

import type { Claim, ClaimValue } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";

interface Wording {
  readonly id: string;
  readonly text: string;
  readonly source: Source;
}

/** |measured - expected| <= tolerance, in the unit of the number. */
export function within(
  { id, text, source }: Wording,
  expected: number,
  tolerance: number,
  measured: number,
): Claim {
  const holds = Math.abs(measured - expected) <= tolerance;
  return { id, text, source, expected, tolerance: `within ${tolerance}`, measured, holds };
}

/** |measured / expected - 1| <= share; `why` gives the reason for the range. */
export function withinShare(
  { id, text, source }: Wording,
  expected: number,
  share: number,
  measured: number,
  why: string,
): Claim {
  const holds = Math.abs(measured / expected - 1) <= share;
  const tolerance = `within ${Number((100 * share).toPrecision(3))} %: ${why}`;
  return { id, text, source, expected, tolerance, measured, holds };
}

export function atMost({ id, text, source }: Wording, expected: number, measured: number): Claim {
  const holds = measured <= expected;
  return { id, text, source, expected, tolerance: "at most", measured, holds };
}

export function atLeast({ id, text, source }: Wording, expected: number, measured: number): Claim {
  const holds = measured >= expected;
  return { id, text, source, expected, tolerance: "at least", measured, holds };
}

/** The same number, truth value, or list. */
export function equal(
  { id, text, source }: Wording,
  expected: ClaimValue,
  measured: ClaimValue,
): Claim {
  const holds = JSON.stringify(measured) === JSON.stringify(expected);
  return { id, text, source, expected, tolerance: "equal", measured, holds };
}

/** Whether the listed parameters have their default values. */
export function atDefaults<P extends object>(
  params: P,
  defaults: P,
  names: readonly (keyof P)[],
): boolean {
  return names.every((name) => params[name] === defaults[name]);
}

/** low <= measured <= high: for shapes of curves, where no single number was published. */
export function between(
  { id, text, source }: Wording,
  [low, high]: readonly [number, number],
  measured: number,
): Claim {
  const holds = low <= measured && measured <= high;
  return { id, text, source, expected: [low, high], tolerance: "between", measured, holds };
}

/** At least `least` members in common; `why` gives the reason for the range. */
export function inCommon(
  { id, text, source }: Wording,
  expected: readonly number[],
  least: number,
  measured: readonly number[],
  why: string,
): Claim {
  const holds = measured.filter((value) => expected.includes(value)).length >= least;
  const tolerance = `at least ${least} in common: ${why}`;
  return { id, text, source, expected, tolerance, measured, holds };
}
