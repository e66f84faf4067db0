import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";

/** A list of numbers, each within `tolerance` of the expected one. */
export function eachWithin(
  { id, text, source }: { readonly id: string; readonly text: string; readonly source: Source },
  expected: readonly number[],
  tolerance: number,
  measured: readonly number[],
): Claim {
  const holds =
    measured.length === expected.length &&
    measured.every((value, i) => Math.abs(value - (expected[i] as number)) <= tolerance);
  return { id, text, source, expected, tolerance: `each within ${tolerance}`, measured, holds };
}
