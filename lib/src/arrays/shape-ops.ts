/** Joining, splitting and rearranging. */

import { InputError, ShapeError } from "../core/errors.ts";
import type { Shape } from "../core/nd.ts";
import { promote } from "./dtype.ts";
import { np } from "./jax.ts";
import { broadcastShapes, checkAxes, checkAxis } from "./shapes.ts";
import { type Axis, lift, type Tensor, unwrap, wrap } from "./tensor.ts";

/** Tensors at their common dtype. */
function alike(name: string, tensors: readonly Tensor[]): readonly Tensor[] {
  const [first, ...rest] = tensors;
  if (first === undefined) throw new InputError(`${name}: needs at least one tensor, got none`);
  const dtype = rest.reduce((common, one) => promote(common, one.dtype), first.dtype);
  return tensors.map((one) => one.astype(dtype));
}

/** Join along an existing axis; all other sizes must agree. */
export function concatenate(tensors: readonly Tensor[], axis: number = 0): Tensor {
  const all = alike("concatenate", tensors);
  const shape = all[0]?.shape ?? [];
  const along = checkAxis("concatenate", axis, shape.length);
  for (const one of all) {
    const fits =
      one.ndim === shape.length && one.shape.every((n, i) => i === along || n === shape[i]);
    if (!fits) {
      const wanted = shape.map((n, i) => (i === along ? -1 : n));
      throw new ShapeError("concatenate: sizes off the axis must agree", wanted, one.shape);
    }
  }
  return wrap(np.concatenate(all.map(unwrap), along));
}

/** Join tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis: number = 0): Tensor {
  const all = alike("stack", tensors);
  const shape = all[0]?.shape ?? [];
  const odd = all.find((one) => String(one.shape) !== String(shape));
  if (odd) throw new ShapeError("stack: shapes must agree", shape, odd.shape);
  const along = checkAxis("stack", axis, shape.length + 1);
  return concatenate(
    all.map((one) => expandDims(one, along)),
    along,
  );
}

/** Cut along an axis: into `n` equal parts, or before each of the given indices. */
export function split(
  x: Tensor,
  parts: number | readonly number[],
  axis: number = 0,
): readonly Tensor[] {
  const along = checkAxis("split", axis, x.ndim);
  const size = x.shape[along] as number;
  if (typeof parts === "number" && !(parts > 0 && size % parts === 0)) {
    throw new InputError(`split: axis ${along} of size ${size} has no ${parts} equal parts`);
  }
  const inner =
    typeof parts === "number"
      ? Array.from({ length: parts - 1 }, (_, i) => ((i + 1) * size) / parts)
      : parts;
  const bounds = [0, ...inner, size];
  const before: readonly [][] = Array.from({ length: along }, () => []);
  return bounds.slice(1).map((end, i) => x.at(...before, [bounds[i] as number, end] as const));
}

/** Drop axes of size 1: the given ones, or all. */
export function squeeze(x: Tensor, axis?: Axis): Tensor {
  const { shape } = x;
  const all = shape.flatMap((n, i) => (n === 1 ? [i] : []));
  const axes = checkAxes("squeeze", axis ?? all, shape.length);
  for (const one of axes) {
    if (shape[one] !== 1) {
      throw new InputError(`squeeze: axis ${one} must have size 1, got shape [${shape}]`);
    }
  }
  return x.reshape(shape.filter((_, i) => !axes.includes(i)));
}

/** Insert axes of size 1, at these places of the result. */
export function expandDims(x: Tensor, axis: Axis): Tensor {
  const count = typeof axis === "number" ? 1 : axis.length;
  const axes = checkAxes("expandDims", axis, x.ndim + count);
  const shape = [...x.shape];
  for (const one of axes) shape.splice(one, 0, 1);
  return x.reshape(shape);
}

/** Repeat along axes of size 1 and new leading axes until the shape is `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  const common = broadcastShapes("broadcastTo", shape, x.shape);
  if (String(common) !== String(shape)) {
    throw new ShapeError("broadcastTo: shape must broadcast", shape, x.shape);
  }
  return lift((v) => np.broadcastTo(v, common), x);
}

/** Exchange two axes. */
export function swapaxes(x: Tensor, first: number, second: number): Tensor {
  const a = checkAxis("swapaxes", first, x.ndim);
  const b = checkAxis("swapaxes", second, x.ndim);
  return x.transpose(x.shape.map((_, i) => (i === a ? b : i === b ? a : i)));
}

/** Reverse the order along axes; all of them by default. */
export function flip(x: Tensor, axis?: Axis): Tensor {
  const axes = checkAxes("flip", axis, x.ndim);
  return axes.length === 0 ? x.astype(x.dtype) : lift((v) => np.flip(v, axes), x);
}

function needMatrix(where: string, x: Tensor): void {
  if (x.ndim < 2) throw new ShapeError(`${where}: needs a matrix`, [-1, -1], x.shape);
}

/** Zeros above diagonal `k` of the last two axes (0 is the main one, 1 the one above). */
export function tril(x: Tensor, k: number = 0): Tensor {
  needMatrix("tril", x);
  return lift((v) => np.tril(v, k), x);
}

/** Zeros below diagonal `k` of the last two axes. */
export function triu(x: Tensor, k: number = 0): Tensor {
  needMatrix("triu", x);
  return lift((v) => np.triu(v, k), x);
}

/** Diagonal `offset` of two axes (the first two by default), as the last axis of the result. */
export function diagonal(
  x: Tensor,
  offset: number = 0,
  axis1: number = 0,
  axis2: number = 1,
): Tensor {
  needMatrix("diagonal", x);
  const a = checkAxis("diagonal", axis1, x.ndim);
  const b = checkAxis("diagonal", axis2, x.ndim);
  const rows = x.shape[a] as number;
  const columns = x.shape[b] as number;
  if (a === b || offset <= -rows || offset >= columns) {
    throw new InputError(
      `diagonal: shape [${x.shape}] has no diagonal ${offset} of axes ${axis1} and ${axis2}`,
    );
  }
  return lift((v) => np.diagonal(v, offset, a, b), x);
}

/** Sum of a diagonal. */
export function trace(x: Tensor, offset: number = 0, axis1: number = 0, axis2: number = 1): Tensor {
  return diagonal(x, offset, axis1, axis2).sum(-1);
}
