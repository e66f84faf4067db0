/** Plain numbers with a shape: what crosses every border (files, figures, analysis, back ends). */

import { InputError, UnknownNameError } from "./errors.ts";
import { place } from "./indices.ts";

/** Types of numbers in an array. */
export type DType = "float32" | "float64" | "int32" | "uint32" | "bool";

/** Where the numbers of an `NdArray` lie. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** Sizes of the axes, outermost first. */
export type Shape = readonly number[];

/** Row-major array. `bool` is a `Uint8Array` of zeros and ones. */
export interface NdArray {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TypedArray;
}

/** What an array looks like, without its numbers. */
export interface Spec {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Bytes per element as stored here (not as stored in a file). */
export const bytesPerElement: { readonly [D in DType]: number } = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint32: 4,
  bool: 1,
};

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A typed array of zeros that can hold `dtype`. */
export function zerosOf(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "uint32":
      return new Uint32Array(length);
    case "bool":
      return new Uint8Array(length);
  }
}

/** Numbers that each integer dtype can hold, both ends included. */
const ranges: { readonly [D in DType]?: readonly [least: number, largest: number] } = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};

/**
 * Build an `NdArray`, checking that the data fill the shape. Data of another kind are converted:
 * rounded to float32, and for integers exactly.
 * @throws InputError for data that do not fill the shape, for numbers that float32 or an integer
 * dtype cannot hold, and for what is no number. A typed array of the right kind is used as it is.
 */
export function nd(dtype: DType, shape: Shape, data: ArrayLike<number | boolean>): NdArray {
  if (!Object.hasOwn(bytesPerElement, dtype)) {
    throw new UnknownNameError("nd", "dtype", String(dtype), Object.keys(bytesPerElement));
  }
  const length = sizeOf(shape);
  if (data.length !== length || !shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new InputError(`nd: shape [${shape}] holds ${length} numbers, got ${data.length}`);
  }
  const own = zerosOf(dtype, 0);
  if (data.constructor === own.constructor) return { dtype, shape, data: data as TypedArray };
  const copy = zerosOf(dtype, length);
  for (let i = 0; i < length; i++) copy[i] = converted(dtype, shape, data, i);
  return { dtype, shape, data: copy };
}

function converted(
  dtype: DType,
  shape: Shape,
  data: ArrayLike<number | boolean>,
  i: number,
): number {
  const given = data[i];
  const value = typeof given === "boolean" ? Number(given) : given;
  if (typeof value !== "number") {
    const got = Array.isArray(value) ? "a list" : typeof value;
    throw new InputError(`nd: data must be a flat list of numbers, got ${got} at ${i}`);
  }
  if (dtype === "bool") return value === 0 ? 0 : 1;
  const range = ranges[dtype];
  if (range !== undefined) {
    if (Number.isInteger(value) && value >= range[0] && value <= range[1]) return value;
    throw new InputError(
      `nd: ${dtype} holds whole numbers from ${range[0]} to ${range[1]}, got ${value}${place(shape, i)}`,
    );
  }
  if (dtype === "float32" && Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw new InputError(
      `nd: ${value}${place(shape, i)} is too large for float32; scale it, or keep float64`,
    );
  }
  return value;
}
