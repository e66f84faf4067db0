import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { dims } from "../../core/dims.ts";
import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";
import type { Float64NdArray } from "./float64.ts";
import { float64, toFloat64 } from "./float64.ts";

/** A = U diag(S) Vᵀ with rank r = min(row, column). */
export interface Svd {
  /** "row r": left singular vectors in columns. */
  readonly U: Float64NdArray;
  /** r singular values, largest first. */
  readonly S: readonly number[];
  /** "column r": right singular vectors in columns; V itself, not its transpose (as `torch.svd`). */
  readonly V: Float64NdArray;
}

/**
 * Singular value decomposition, economy size. The sign that the decomposition leaves open is set
 * so that the entry of largest magnitude in every column of U is positive.
 */
export function svd(a: NdArray): Svd {
  const { row, column } = dims("svd", a, "row column");
  const data = toFloat64(a).data;
  if (!data.every(Number.isFinite)) throw new InputError("svd: every number must be finite");
  const result = new SingularValueDecomposition(Matrix.from1DArray(row, column, data), {
    autoTranspose: true,
  });
  const rank = Math.min(row, column);
  const U = columns(result.leftSingularVectors, rank);
  const V = columns(result.rightSingularVectors, rank);
  for (let r = 0; r < rank; r++) {
    if (largestEntry(U, r) < 0) {
      flipColumn(U, r);
      flipColumn(V, r);
    }
  }
  return { U, S: result.diagonal.slice(0, rank), V };
}

function columns(matrix: Matrix, count: number): Float64NdArray {
  const out = float64([matrix.rows, count]);
  for (let i = 0; i < matrix.rows; i++) {
    for (let j = 0; j < count; j++) out.data[i * count + j] = matrix.get(i, j);
  }
  return out;
}

function largestEntry(a: Float64NdArray, column: number): number {
  const width = a.shape[1] as number;
  let largest = 0;
  for (let at = column; at < a.data.length; at += width) {
    const value = a.data[at] as number;
    if (Math.abs(value) > Math.abs(largest)) largest = value;
  }
  return largest;
}

function flipColumn(a: Float64NdArray, column: number): void {
  const width = a.shape[1] as number;
  for (let at = column; at < a.data.length; at += width) a.data[at] = -(a.data[at] as number);
}

/**
 * A matrix "row column" of independent standard normal numbers: what the singular values and
 * vectors of a matrix without structure look like (Li's notebook, cell 49).
 */
export function randomControl(shape: readonly [number, number], rng: Rng): Float64NdArray {
  return float64(shape, Float64Array.from(rng.normal(shape[0] * shape[1])));
}
