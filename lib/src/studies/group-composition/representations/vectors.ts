/** Singular vectors of embeddings, and the representations they belong to. */

import {
  type Float64NdArray,
  firstColumns,
  float64,
  matmul,
  type Svd,
  transpose,
} from "../../../analysis/linalg/index.ts";
import type { Representation } from "./representation.ts";
import { functionSpace } from "./span.ts";

/** Singular vectors of a matrix, and the representations they lie in. */
export interface SingularVectors {
  /** Largest first. */
  readonly singularValues: readonly number[];
  /** "vector irrep": share of each left singular vector in the functions of each representation. */
  readonly shares: Float64NdArray;
  /** Name of the representation that holds most of each left singular vector. */
  readonly belongsTo: readonly string[];
}

/** The left singular vectors of a matrix "element column", each split by representation. */
export function singularVectors({ U, S }: Svd, irreps: readonly Representation[]): SingularVectors {
  const shares = float64([S.length, irreps.length]);
  for (const [j, irrep] of irreps.entries()) {
    const coefficients = matmul(transpose(functionSpace(irrep)), U);
    for (let at = 0; at < coefficients.data.length; at++) {
      const slot = (at % S.length) * irreps.length + j;
      shares.data[slot] = (shares.data[slot] as number) + (coefficients.data[at] as number) ** 2;
    }
  }
  const belongsTo = S.map((_, i) => {
    const row = shares.data.subarray(i * irreps.length, (i + 1) * irreps.length);
    return irreps[row.indexOf(Math.max(...row))]?.name ?? "";
  });
  return { singularValues: S, shares, belongsTo };
}

/** The closest matrix of that rank to the one that was decomposed: U_k S_k V_kᵀ. */
export function lowRank({ U, S, V }: Svd, rank: number): Float64NdArray {
  const left = firstColumns("lowRank", U, rank);
  for (let at = 0; at < left.data.length; at++) {
    left.data[at] = (left.data[at] as number) * (S[at % rank] as number);
  }
  return matmul(left, transpose(firstColumns("lowRank", V, rank)));
}
