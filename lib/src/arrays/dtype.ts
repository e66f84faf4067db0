/**
 * Promotion. Two tensors meet at the larger of their dtypes in the order
 * bool, uint32, int32, float32, float64. A JavaScript number takes the dtype of the tensor it meets
 * and never widens it; only a fraction that meets bool or an integer makes float32, and an integer
 * that meets bool makes int32.
 */

import { InputError } from "../core/errors.ts";
import type { DType } from "../core/nd.ts";

const RANK: { readonly [D in DType]: number } = {
  bool: 0,
  uint32: 1,
  int32: 2,
  float32: 3,
  float64: 4,
};

/** The dtype at which two tensors meet. */
export function promote(a: DType, b: DType): DType {
  return RANK[a] >= RANK[b] ? a : b;
}

/** The dtype at which a tensor of `dtype` meets the number `value`. */
export function promoteNumber(dtype: DType, value: number): DType {
  if (isFloat(dtype)) return dtype;
  if (!Number.isInteger(value)) return "float32";
  return dtype === "bool" ? "int32" : dtype;
}

export function isFloat(dtype: DType): boolean {
  return RANK[dtype] >= RANK.float32;
}

/** `dtype` if it is a float, else float32: where functions of the reals compute. */
export function toFloat(dtype: DType): DType {
  return isFloat(dtype) ? dtype : "float32";
}

/** @throws InputError for a number that a scalar of an integer dtype cannot be; -1 wraps in uint32. */
export function checkRoom(dtype: DType, value: number): void {
  if (isFloat(dtype) || dtype === "bool") return;
  const size = dtype === "int32" ? 2 ** 31 : 2 ** 32;
  if (value >= -size && value < size) return;
  throw new InputError(`Tensor: ${value} does not fit in ${dtype}; convert with astype("float64")`);
}
