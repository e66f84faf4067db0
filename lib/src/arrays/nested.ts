/** Arrays as nested lists. */

import type { Shape } from "../core/nd.ts";

/** A number, or lists of them as deep as a tensor has axes. */
export type NestedNumbers = number | NestedNumbers[];

/** The numbers from `from` to `to` of row-major `data` as lists of `shape`. */
export function nest(
  data: ArrayLike<number>,
  shape: Shape,
  from: number,
  to: number,
): NestedNumbers {
  const [first, ...rest] = shape;
  if (first === undefined) return data[from] as number;
  const step = (to - from) / Math.max(first, 1);
  return Array.from({ length: first }, (_, i) =>
    nest(data, rest, from + i * step, from + (i + 1) * step),
  );
}
