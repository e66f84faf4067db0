import { InputError } from "../core/errors.ts";
import type { Tensor } from "./tensor.ts";

/**
 * One place in an index: `n` takes one element and drops the axis, `[]` keeps the axis, `[i]` goes
 * from i to the end, `[i, j]` from i to j exclusive, `null` adds an axis of size 1, an integer
 * tensor gathers (its values must lie in [0, size)). Numbers may count from the end.
 */
export type Index =
  | number
  | readonly []
  | readonly [number]
  | readonly [number, number]
  | null
  | Tensor;

/** A number or a range of `at`, counted from 0. @throws InputError outside of the axis. */
export function checkPart(
  part: number | readonly number[],
  size: number,
  axis: number,
): number | readonly number[] {
  if (typeof part === "number") {
    if (Number.isInteger(part) && part >= -size && part < size) return part;
    throw new InputError(
      `at: index of axis ${axis} must be an integer in [${-size}, ${size}), got ${part}`,
    );
  }
  const ends = part.map((end) => (end < 0 ? end + size : end));
  const valid = ends.every((end) => Number.isInteger(end) && end >= 0 && end <= size);
  if (part.length > 2 || !valid || (ends[0] ?? 0) > (ends[1] ?? size)) {
    throw new InputError(`at: axis ${axis} of size ${size} has no range [${part}]`);
  }
  return ends;
}
