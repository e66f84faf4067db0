/** Float64 arrays with a shape: what every analysis computes with and returns. */

import { ShapeError } from "../../core/errors.ts";
import type { NdArray, Shape } from "../../core/nd.ts";
import { sizeOf } from "../../core/nd.ts";

/** An `NdArray` of float64 numbers. */
export interface Float64NdArray extends NdArray {
  readonly dtype: "float64";
  readonly data: Float64Array;
}

/** Zeros of a shape, or `data` (not copied) with that shape; the sizes must agree. */
export function float64(shape: Shape, data?: Float64Array): Float64NdArray {
  const length = sizeOf(shape);
  if (data !== undefined && data.length !== length) {
    throw new ShapeError("float64", [length], [data.length]);
  }
  return { dtype: "float64", shape, data: data ?? new Float64Array(length) };
}

/** The same numbers as float64; not copied when they are already. */
export function toFloat64(x: NdArray): Float64NdArray {
  if (x.dtype === "float64" && x.data instanceof Float64Array) return x as Float64NdArray;
  return float64(x.shape, Float64Array.from(x.data));
}

/** Rows `start` (included) to `end` (excluded) along the first axis, as float64. */
export function rows(what: string, x: NdArray, start: number, end: number): Float64NdArray {
  const available = x.shape[0] ?? 0;
  if (x.shape.length === 0 || start < 0 || end < start || end > available) {
    throw new ShapeError(`${what} (rows ${start} to ${end})`, [end, ...x.shape.slice(1)], x.shape);
  }
  const rest = x.shape.slice(1);
  const width = sizeOf(rest);
  const data = Float64Array.from(x.data.subarray(start * width, end * width));
  return float64([end - start, ...rest], data);
}

/** Columns 0 … `count`-1 of a matrix "row column", as float64. */
export function firstColumns(what: string, x: NdArray, count: number): Float64NdArray {
  const [height, width] = x.shape;
  if (height === undefined || width === undefined || x.shape.length !== 2 || width < count) {
    throw new ShapeError(`${what} (first ${count} columns)`, [-1, count], x.shape);
  }
  const out = float64([height, count]);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < count; j++) out.data[i * count + j] = x.data[i * width + j] as number;
  }
  return out;
}
