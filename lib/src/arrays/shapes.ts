/** Arithmetic of shapes and axes, with the errors users see. */

import { InputError, ShapeError } from "../core/errors.ts";
import type { Shape } from "../core/nd.ts";

/** The shape two shapes broadcast to (NumPy's rule). */
export function broadcastShapes(where: string, a: Shape, b: Shape): number[] {
  const ndim = Math.max(a.length, b.length);
  return Array.from({ length: ndim }, (_, i) => {
    const x = a[i - ndim + a.length] ?? 1;
    const y = b[i - ndim + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1)
      throw new ShapeError(`${where}: shapes must broadcast`, a, b);
    return x === 1 ? y : x;
  });
}

/** An axis in [-ndim, ndim) as one in [0, ndim). */
export function checkAxis(where: string, axis: number, ndim: number): number {
  if (!Number.isInteger(axis) || axis < -ndim || axis >= ndim) {
    throw new InputError(
      `${where}: axis must be an integer in [${-ndim}, ${ndim}), got ${String(axis)}`,
    );
  }
  return axis < 0 ? axis + ndim : axis;
}

/** Axes as a sorted list; undefined means all of them. */
export function checkAxes(
  where: string,
  axis: number | readonly number[] | undefined,
  ndim: number,
): number[] {
  if (axis === undefined) return Array.from({ length: ndim }, (_, i) => i);
  const list = typeof axis === "number" ? [axis] : axis;
  const axes = list.map((one) => checkAxis(where, one, ndim));
  if (new Set(axes).size < axes.length) {
    throw new InputError(`${where}: axes must differ, got [${list}]`);
  }
  return axes.sort((a, b) => a - b);
}

/** A shape with at most one -1, filled in from the size. */
export function checkReshape(from: Shape, to: Shape): number[] {
  const size = from.reduce((product, n) => product * n, 1);
  const known = to.reduce((product, n) => (n === -1 ? product : product * n), 1);
  const open = to.filter((n) => n === -1).length;
  const filled = to.map((n) => (n === -1 ? size / known : n));
  const valid = filled.every((n) => Number.isInteger(n) && n >= 0);
  const full = filled.reduce((product, n) => product * n, 1);
  if (open > 1 || !valid || full !== size) {
    throw new ShapeError("reshape: sizes must have the same product", from, to);
  }
  return filled;
}

/** A permutation of the axes; undefined reverses them. */
export function checkPermutation(perm: readonly number[] | undefined, ndim: number): number[] {
  if (perm === undefined) return Array.from({ length: ndim }, (_, i) => ndim - 1 - i);
  const axes = perm.map((axis) => checkAxis("transpose", axis, ndim));
  if (axes.length !== ndim || new Set(axes).size !== ndim) {
    throw new InputError(`transpose: must name each of ${ndim} axes once, got [${perm}]`);
  }
  return axes;
}
