import {
  type Float64NdArray,
  float64,
  matmul,
  sumOfSquares,
  transpose,
} from "../../../analysis/linalg/index.ts";
import { dims } from "../../../core/dims.ts";
import type { NdArray } from "../../../core/nd.ts";
import type { Representation } from "./representation.ts";

/** Columns shorter than this share of their length are rounding noise of the columns before. */
const negligible = 1e-9;

/** Orthonormal basis "row rank" of the span of the columns of "row column" (Gram–Schmidt, twice). */
export function spanOf(a: NdArray): Float64NdArray {
  const { row, column } = dims("spanOf", a, "row column");
  const kept: Float64Array[] = [];
  for (let j = 0; j < column; j++) {
    const v = Float64Array.from({ length: row }, (_, i) => a.data[i * column + j] as number);
    const before = Math.sqrt(sumOfSquares(v));
    for (const _ of [1, 2]) for (const u of kept) subtract(v, u, dot(u, v));
    const norm = Math.sqrt(sumOfSquares(v));
    if (norm > negligible * before) kept.push(v.map((x) => x / norm));
  }
  const out = float64([row, kept.length]);
  for (const [j, u] of kept.entries()) {
    for (let i = 0; i < row; i++) out.data[i * kept.length + j] = u[i] as number;
  }
  return out;
}

function dot(u: Float64Array, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += (u[i] as number) * (v[i] as number);
  return sum;
}

function subtract(v: Float64Array, u: Float64Array, factor: number): void {
  for (let i = 0; i < v.length; i++) v[i] = (v[i] as number) - factor * (u[i] as number);
}

/**
 * Orthonormal basis "element function" of the span of a representation's matrix entries as functions
 * on the group: d² functions, or d²/2 where the representation splits over the complex numbers.
 */
export function functionSpace({ dimension, matrices }: Representation): Float64NdArray {
  const order = matrices.shape[0] as number;
  return spanOf(float64([order, dimension * dimension], matrices.data));
}

/** Share of the squares of "element column" that lies in the span of `basis` "element function". */
export function shareIn(basis: Float64NdArray, x: NdArray): number {
  const total = sumOfSquares(x.data);
  return total === 0 ? 0 : sumOfSquares(matmul(transpose(basis), x).data) / total;
}

/** The part of "element column" in the span of `basis`. */
export function projectOn(basis: Float64NdArray, x: NdArray): Float64NdArray {
  return matmul(basis, matmul(transpose(basis), x));
}
