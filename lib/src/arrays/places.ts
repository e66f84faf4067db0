/** Indices are checked where their numbers are known. */

import { InputError } from "../core/errors.ts";
import { checkIndices } from "../core/indices.ts";
import type { DType, NdArray } from "../core/nd.ts";

/** A tensor, as far as it matters here. */
interface Indices {
  readonly dtype: DType;
  readSync(): NdArray;
}

/** Of index tensors whose numbers were read: the size below which they all lie. */
const checked = new WeakMap<Indices, number>();

/**
 * Check an int32 or uint32 tensor of indices below `size`. Traced ones are not `readable`: what
 * they pick must be checked by whoever runs the compiled function.
 * @throws InputError for other dtypes, and for numbers outside [0, size).
 */
export function checkPlaces(
  where: string,
  indices: Indices,
  size: number,
  readable: boolean,
): void {
  checkPlaceType(where, indices);
  if (!readable || (checked.get(indices) ?? Infinity) <= size) return;
  const numbers = indices.readSync();
  checkIndices(where, "indices", numbers, size);
  checked.set(indices, 1 + largest(numbers.data));
}

/** @throws InputError unless the tensor is int32 or uint32. */
export function checkPlaceType(where: string, indices: Indices): void {
  if (indices.dtype === "int32" || indices.dtype === "uint32") return;
  throw new InputError(`${where}: indices must be int32 or uint32, got ${indices.dtype}`);
}

function largest(data: ArrayLike<number>): number {
  let most = -1;
  for (let i = 0; i < data.length; i++) most = Math.max(most, data[i] as number);
  return most;
}
