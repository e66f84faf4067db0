/** Reductions and order. */

import { InputError, ShapeError } from "../core/errors.ts";
import { sizeOf } from "../core/nd.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { toFloat } from "./dtype.ts";
import { sqrt, square } from "./elementwise.ts";
import { np } from "./jax.ts";
import { tidy } from "./scope.ts";
import { checkAxes, checkAxis } from "./shapes.ts";
import { type Axis, lift, type ReduceOptions, type Tensor } from "./tensor.ts";

/** `correction` is subtracted from the count (default 0; 1 makes the estimate unbiased). */
export interface VarOptions extends ReduceOptions {
  readonly correction?: number;
}

const varNames: OptionNames<VarOptions> = { keepdims: true, correction: true };

/** Mean squared deviation from the mean. */
export function variance(x: Tensor, axis?: Axis, options: VarOptions = {}): Tensor {
  checkOptions("variance", options, varNames);
  const { correction = 0, ...kept } = options;
  return tidy(() => {
    const { shape } = x;
    const axes = checkAxes("variance", axis, shape.length);
    const count = sizeOf(axes.map((i) => shape[i] as number)) - correction;
    const deviation = x.sub(x.mean(axes, { keepdims: true }));
    return square(deviation)
      .sum(axes, kept)
      .mul(1 / count);
  });
}

/** Standard deviation: the square root of the variance. */
export function std(x: Tensor, axis?: Axis, options: VarOptions = {}): Tensor {
  checkOptions("std", options, varNames);
  return tidy(() => sqrt(variance(x, axis, options)));
}

/** Euclidean norm along axes; of all numbers (Frobenius) by default. */
export function norm(x: Tensor, axis?: Axis, options: ReduceOptions = {}): Tensor {
  checkOptions("norm", options, { keepdims: true });
  return tidy(() => sqrt(square(x.astype(toFloat(x.dtype))).sum(axis, options)));
}

/** Running sum along an axis; bool is counted as int32. */
export function cumsum(x: Tensor, axis: number = -1): Tensor {
  const along = checkAxis("cumsum", axis, x.ndim);
  return lift((v) => np.cumsum(v, along), x.dtype === "bool" ? x.astype("int32") : x);
}

function arg(name: "argmax" | "argmin", x: Tensor, axis: number | undefined): Tensor {
  if (x.size === 0) throw new InputError(`${name}: needs at least one element, got none`);
  if (axis === undefined) return lift((v) => np[name](v, 0), x.reshape([-1]));
  const along = checkAxis(name, axis, x.ndim);
  return lift((v) => np[name](v, along), x);
}

/** int32 index of the first largest number along an axis; in row-major order without one. */
export function argmax(x: Tensor, axis?: number): Tensor {
  return arg("argmax", x, axis);
}

/** int32 index of the first smallest number along an axis; in row-major order without one. */
export function argmin(x: Tensor, axis?: number): Tensor {
  return arg("argmin", x, axis);
}

/** Ascending order along an axis. */
export function sort(x: Tensor, axis: number = -1): Tensor {
  const along = checkAxis("sort", axis, x.ndim);
  return lift((v) => np.sort(v, along), x);
}

/** int32 indices that sort along an axis; equal numbers keep their order. */
export function argsort(x: Tensor, axis: number = -1): Tensor {
  const along = checkAxis("argsort", axis, x.ndim);
  return lift((v) => np.argsort(v, along), x);
}

/** Whether |x - y| <= atol + rtol * |y| everywhere. Reads both; NaN is close to nothing. */
export function allclose(
  x: Tensor,
  y: Tensor,
  options: { readonly rtol?: number; readonly atol?: number } = {},
): boolean {
  checkOptions("allclose", options, { rtol: true, atol: true });
  const { rtol = 1e-5, atol = 1e-8 } = options;
  if (String(x.shape) !== String(y.shape)) {
    throw new ShapeError("allclose: shapes must agree", y.shape, x.shape);
  }
  const a = x.readSync().data;
  const b = y.readSync().data;
  return a.every((value, i) => {
    const other = b[i] as number;
    return value === other || Math.abs(value - other) <= atol + rtol * Math.abs(other);
  });
}
