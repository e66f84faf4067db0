/** Making tensors. */

import { InputError, ShapeError } from "../core/errors.ts";
import { type DType, type NdArray, nd, type Shape, sizeOf } from "../core/nd.ts";
import { np } from "./jax.ts";
import type { NestedNumbers } from "./nested.ts";
import { type Tensor, wrap } from "./tensor.ts";

/** The element type of what is made; each function has its default. */
export interface DTypeOption {
  readonly dtype?: DType;
}

function isNd(value: object): value is NdArray {
  return "data" in value && "shape" in value && "dtype" in value;
}

/**
 * A tensor of the given numbers: an `NdArray` (its dtype by default) or nested arrays of numbers
 * (float32 by default), which must be rectangular.
 */
export function tensor(
  values: NdArray | number | readonly unknown[],
  options: DTypeOption = {},
): Tensor {
  if (typeof values === "object" && isNd(values)) {
    const own = fromNd(values);
    return options.dtype === undefined ? own : own.astype(options.dtype);
  }
  const shape: number[] = [];
  for (let level: unknown = values; Array.isArray(level); level = level[0])
    shape.push(level.length);
  const flat: number[] = [];
  collect(values as NestedNumbers, shape, 0, flat);
  return fromNd(nd(options.dtype ?? "float32", shape, flat));
}

function collect(value: NestedNumbers, shape: Shape, depth: number, into: number[]): void {
  const size = shape[depth];
  if (size === undefined && typeof value === "number") {
    into.push(value);
    return;
  }
  if (size === undefined || !Array.isArray(value) || value.length !== size) {
    const got = Array.isArray(value) ? `a list of ${value.length}` : typeof value;
    throw new InputError(
      `tensor: lists must be rectangular, expected shape [${shape}], got ${got}`,
    );
  }
  for (const one of value) collect(one, shape, depth + 1, into);
}

function fromNd(values: NdArray): Tensor {
  const { dtype, shape } = values;
  if (values.data.length !== sizeOf(shape)) {
    throw new ShapeError("tensor: data must fill the shape", shape, [values.data.length]);
  }
  if (values.data.length === 0) return zeros(shape, { dtype });
  const data = dtype === "bool" ? Int32Array.from(values.data, (v) => (v ? 1 : 0)) : values.data;
  return wrap(np.array(data, { shape: [...shape], dtype }));
}

/** `shape` filled with one number (float32 by default). */
export function full(shape: Shape, value: number, options: DTypeOption = {}): Tensor {
  const dtype = options.dtype ?? "float32";
  return wrap(np.full([...shape], dtype === "bool" ? value !== 0 : value, { dtype }));
}

/** Zeros (float32 by default). */
export function zeros(shape: Shape, options?: DTypeOption): Tensor {
  return full(shape, 0, options);
}

/** Ones (float32 by default). */
export function ones(shape: Shape, options?: DTypeOption): Tensor {
  return full(shape, 1, options);
}

/** Ones on the main diagonal of a `rows` by `columns` matrix (float32 by default). */
export function eye(rows: number, columns: number = rows, options: DTypeOption = {}): Tensor {
  return wrap(np.eye(rows, columns, { dtype: options.dtype ?? "float32" }));
}

/** `start`, `start + step`, … below `stop`; `arange(n)` is 0 … n-1. int32 by default. */
export function arange(
  start: number,
  stop?: number,
  step: number = 1,
  options: DTypeOption = {},
): Tensor {
  if (step === 0) throw new InputError("arange: step must not be 0, got 0");
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  return wrap(np.arange(from, to, step, { dtype: options.dtype ?? "int32" }));
}

/** `count` evenly spaced numbers from `start` to `stop`, both included. float32 by default. */
export function linspace(
  start: number,
  stop: number,
  count: number,
  options: DTypeOption = {},
): Tensor {
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  const values = Array.from({ length: count }, (_, i) =>
    i === count - 1 && count > 1 ? stop : start + i * step,
  );
  return fromNd(nd(options.dtype ?? "float32", [count], values));
}
