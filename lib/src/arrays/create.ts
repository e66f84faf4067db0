/** Making tensors. */

import { InputError } from "../core/errors.ts";
import { type DType, type NdArray, nd, type Shape, type TypedArray } from "../core/nd.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { np } from "./jax.ts";
import { Tensor, wrap } from "./tensor.ts";

/** The element type of what is made; each function has its default. */
export interface DTypeOption {
  readonly dtype?: DType;
}

const dtypeOption: OptionNames<DTypeOption> = { dtype: true };

/** Numbers that `tensor` takes: plain lists may also hold booleans. */
export type TensorData = NdArray | TypedArray | number | boolean | readonly unknown[];

/**
 * A tensor of the given numbers: an `NdArray` or a typed array (its dtype by default), or nested
 * lists of numbers (float32 by default) or of booleans (bool by default), which must be rectangular.
 * @throws InputError for what is no number, and for numbers that the dtype cannot hold.
 */
export function tensor(values: TensorData, options: DTypeOption = {}): Tensor {
  checkOptions("tensor", options, dtypeOption);
  if (values instanceof Tensor) {
    throw new InputError("tensor: takes numbers, got a tensor, which can be used as it is");
  }
  return fromNd(hostArray(values, options.dtype));
}

/** The numbers as `tensor` takes them, with the dtype that they have by themselves by default. */
export function hostArray(values: TensorData, dtype?: DType): NdArray {
  if (typeof values === "object" && values !== null && isNd(values)) {
    const { shape, data } = values;
    return nd(dtype ?? values.dtype, shape, data);
  }
  const shape: number[] = [];
  for (let level: unknown = values; isList(level); level = level[0]) shape.push(level.length);
  const flat: (number | boolean)[] = [];
  collect(values, shape, [], flat);
  if (new Set(flat.map((x) => typeof x)).size > 1) {
    throw new InputError("tensor: expected numbers or booleans, got a list of both");
  }
  return nd(dtype ?? dtypeOf(values, flat), shape, flat);
}

function isNd(value: object): value is NdArray {
  return "data" in value && "shape" in value && "dtype" in value;
}

type List = readonly unknown[] | TypedArray;

function isList(value: unknown): value is List {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** The dtype that the numbers have by themselves. */
function dtypeOf(values: TensorData, flat: readonly (number | boolean)[]): DType {
  if (values instanceof Float64Array) return "float64";
  if (values instanceof Uint32Array) return "uint32";
  if (ArrayBuffer.isView(values) && !(values instanceof Float32Array)) return "int32";
  return flat.length > 0 && flat.every((x) => typeof x === "boolean") ? "bool" : "float32";
}

/** Append the numbers at `path` to `into`. */
function collect(
  value: unknown,
  shape: Shape,
  path: readonly number[],
  into: (number | boolean)[],
): void {
  const size = shape[path.length];
  if (size === undefined && (typeof value === "number" || typeof value === "boolean")) {
    into.push(value);
    return;
  }
  if (!isList(value)) {
    const got = value === null ? "null" : typeof value;
    throw new InputError(
      `tensor: expected numbers, got ${got}${path.length > 0 ? ` at [${path}]` : ""}`,
    );
  }
  if (value.length !== size) {
    throw new InputError(
      `tensor: lists must be rectangular, expected shape [${shape}], got a list of ${value.length} at [${path}]`,
    );
  }
  for (let i = 0; i < size; i++) collect(value[i], shape, [...path, i], into);
}

function fromNd(values: NdArray): Tensor {
  const { dtype, shape } = values;
  if (values.data.length === 0) return zeros(shape, { dtype });
  const data = dtype === "bool" ? Int32Array.from(values.data, (v) => (v ? 1 : 0)) : values.data;
  return wrap(np.array(data, { shape: [...shape], dtype }));
}

/** `shape` filled with one number (float32 by default). */
export function full(shape: Shape, value: number, options: DTypeOption = {}): Tensor {
  checkOptions("full", options, dtypeOption);
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new InputError(`full: shape must be a list of sizes such as [2, 3], got ${shape}`);
  }
  if (typeof value !== "number")
    throw new InputError(`full: expected a number, got ${typeof value}`);
  const dtype = options.dtype ?? "float32";
  const [fill = 0] = nd(dtype, [1], [value]).data;
  return wrap(np.full([...shape], dtype === "bool" ? fill !== 0 : fill, { dtype }));
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
  checkOptions("eye", options, dtypeOption);
  for (const size of [rows, columns]) {
    if (Number.isInteger(size) && size >= 0) continue;
    throw new InputError(`eye: sizes must be whole numbers of at least 0, got ${size}`);
  }
  return wrap(np.eye(rows, columns, { dtype: options.dtype ?? "float32" }));
}

/** `start`, `start + step`, … below `stop`; `arange(n)` is 0 … n-1. int32 by default. */
export function arange(
  start: number,
  stop?: number,
  step: number = 1,
  options: DTypeOption = {},
): Tensor {
  checkOptions("arange", options, dtypeOption);
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  for (const [name, value] of Object.entries({ start: from, stop: to, step })) {
    if (Number.isFinite(value) && (name !== "step" || value !== 0)) continue;
    throw new InputError(
      `arange: ${name} must be a finite number${name === "step" ? " other than 0" : ""}, got ${value}`,
    );
  }
  return wrap(np.arange(from, to, step, { dtype: options.dtype ?? "int32" }));
}

/** `count` evenly spaced numbers from `start` to `stop`, both included. float32 by default. */
export function linspace(
  start: number,
  stop: number,
  count: number,
  options: DTypeOption = {},
): Tensor {
  checkOptions("linspace", options, dtypeOption);
  if (!(Number.isInteger(count) && count >= 0)) {
    throw new InputError(`linspace: count must be a whole number of at least 0, got ${count}`);
  }
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  const values = Array.from({ length: count }, (_, i) =>
    i === count - 1 && count > 1 ? stop : start + i * step,
  );
  return fromNd(nd(options.dtype ?? "float32", [count], values));
}
