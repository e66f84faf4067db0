import { Tensor, type TensorData, tensor } from "../arrays/index.ts";
import { hostArray, isReadable } from "../arrays/internal.ts";
import { InputError, ShapeError } from "../core/errors.ts";
import { checkIndices, place } from "../core/indices.ts";
import { type NdArray, nd, type TypedArray } from "../core/nd.ts";
import type { Parameter } from "./model.ts";

/** Tokens "batch pos", or one sequence: whole numbers as lists, typed arrays, plain arrays or a tensor. */
export type Tokens =
  | Tensor
  | NdArray
  | TypedArray
  | readonly number[]
  | readonly (readonly number[] | TypedArray)[];

/** The size of an axis of the weights, e.g. "d_vocab"; undefined when no weight has it. */
export function axisSize(parameters: readonly Parameter[], axis: string): number | undefined {
  for (const { axes, shape } of parameters) {
    const at = axes.split(" ").indexOf(axis);
    if (at >= 0) return shape[at];
  }
  return undefined;
}

/**
 * Tokens as an int32 tensor "batch pos"; `read` is the model's `reads`. Traced tokens have no numbers to look at; see `guarded`.
 * @throws InputError for what is no whole number in the vocabulary, in whatever form it comes.
 */
export function tokenTensor(
  where: string,
  parameters: readonly Parameter[],
  tokens: Tokens,
  read?: number,
): Tensor {
  const vocabulary = axisSize(parameters, "d_vocab") ?? Number.POSITIVE_INFINITY;
  return asBatch("tokens", indexTensor(where, "tokens", tokens, vocabulary, read));
}

/** Tensors whose numbers were looked at: the size below which they lie, and the same as int32. */
const looked = new WeakMap<Tensor, { readonly size: number; readonly whole: Tensor }>();

/**
 * Tokens, labels or other indices in any form as an int32 tensor.
 * @throws InputError for what is no whole number in [0, size); see `checkIndices` for `read`.
 */
export function indexTensor(
  where: string,
  what: string,
  given: TensorData | Tensor,
  size: number,
  read?: number,
): Tensor {
  if (!(given instanceof Tensor)) return tensor(indexArray(where, what, given, size, read));
  const known = looked.get(given);
  if (known !== undefined && known.size <= size) return known.whole;
  if (!isReadable(given)) {
    if (given.dtype === "int32" || given.dtype === "uint32") return given;
    throw new InputError(`${where}: ${what} must be int32 while tracing, got ${given.dtype}`);
  }
  const array = indexArray(where, what, given.readSync(), size, read);
  const whole = given.dtype === "int32" ? given : tensor(array);
  if (read === undefined) looked.set(given, { size, whole });
  return whole;
}

/** The same as plain numbers, int32. */
export function indexArray(
  where: string,
  what: string,
  given: TensorData,
  size: number,
  read?: number,
): NdArray {
  const own = hostArray(given);
  if (own.dtype === "bool") {
    throw new InputError(`${where}: ${what} must be whole numbers, got booleans`);
  }
  const array = own.dtype === "float32" ? hostArray(given, "float64") : own;
  checkIndices(where, what, array, size, read);
  return nd("int32", array.shape, array.data);
}

/**
 * A mask as an int32 tensor "batch pos" of zeros and ones.
 * @throws InputError for other numbers; true and false are 1 and 0.
 */
export function maskTensor(where: string, mask: Tokens): Tensor {
  if (mask instanceof Tensor && !isReadable(mask)) return asBatch("attentionMask", mask);
  const array = mask instanceof Tensor ? mask.readSync() : hostArray(mask, "float64");
  const wrong = array.data.findIndex((x) => x !== 0 && x !== 1);
  if (wrong >= 0) {
    throw new InputError(
      `${where}: attentionMask must be 1 for tokens and 0 for padding, got ${array.data[wrong]}${place(array.shape, wrong)}`,
    );
  }
  return asBatch("attentionMask", tensor(nd("int32", array.shape, array.data)));
}

function asBatch(what: string, x: Tensor): Tensor {
  if (x.ndim === 1) return x.reshape([1, -1]);
  if (x.ndim === 2) return x;
  throw new ShapeError(`${what} "batch pos"`, [-1, -1], x.shape);
}
