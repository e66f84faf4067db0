import { matmul } from "../../../analysis/linalg/index.ts";
import { dims } from "../../../core/dims.ts";
import { InputError } from "../../../core/errors.ts";
import type { NdArray } from "../../../core/nd.ts";

/** What a binary layer computes with, and how a display without centering differs from it. */
export interface BinaryWeights {
  /** sign(W - mean W), int32, the shape of W; the mean is over the whole matrix. */
  readonly signs: NdArray;
  /** Mean of W. */
  readonly mean: number;
  /** Share of entries where sign(W) differs from sign(W - mean W). */
  readonly uncentredDiffers: number;
  /** Share of entries of `signs` that are +1. */
  readonly positive: number;
}

/**
 * The binary weights of a latent matrix W: sign(W - mean W), entries -1, 1, and 0 only where W
 * equals its mean (Li 2024, arXiv 2405.17703; Wang et al. 2023, BitNet, equations 1 to 3).
 */
export function binaryWeights(W: NdArray): BinaryWeights {
  if (W.data.length === 0) throw new InputError("binaryWeights: the matrix is empty");
  let sum = 0;
  for (const value of W.data) sum += value;
  const mean = sum / W.data.length;
  const signs = Int32Array.from(W.data, (value) => Math.sign(value - mean));
  let differing = 0;
  let positive = 0;
  for (const [at, sign] of signs.entries()) {
    if (Math.sign(W.data[at] as number) !== sign) differing += 1;
    if (sign > 0) positive += 1;
  }
  return {
    signs: { dtype: "int32", shape: W.shape, data: signs },
    mean,
    uncentredDiffers: differing / signs.length,
    positive: positive / signs.length,
  };
}

/**
 * Product of integer matrices, from left to right, exact, as int32: sign(W_in) sign(W_O) sign(W_V)
 * of Li's notebook, cell 34, with the matrices as PyTorch stores them, "out in".
 */
export function integerProduct(first: NdArray, ...others: readonly NdArray[]): NdArray {
  for (const factor of [first, ...others]) {
    dims("integerProduct", factor, "row column");
    if (!factor.data.every(Number.isInteger)) {
      throw new InputError("integerProduct: every entry must be an integer");
    }
  }
  const product = others.reduce((left, right) => matmul(left, right), first);
  const largest = 2 ** 31 - 1;
  if (!product.data.every((value) => Math.abs(value) <= largest)) {
    throw new InputError(`integerProduct: the product must stay within ±${largest}`);
  }
  return { dtype: "int32", shape: product.shape, data: Int32Array.from(product.data) };
}
