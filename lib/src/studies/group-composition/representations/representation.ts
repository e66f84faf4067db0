import { type Float64NdArray, float64 } from "../../../analysis/linalg/index.ts";
import type { FiniteGroup } from "../../../groups/index.ts";

/** A real representation by orthogonal matrices: matrices(ab) = matrices(a) matrices(b). */
export interface Representation {
  readonly name: string;
  readonly dimension: number;
  /** "element row column" */
  readonly matrices: Float64NdArray;
  /**
   * For an irreducible representation that splits over the complex numbers: a matrix J "row column"
   * with J² = -1 that commutes with all of it. Its entries span d²/2 functions instead of d².
   */
  readonly complexStructure?: Float64NdArray;
}

/** Trace of each element's matrix: "element". */
export function character({ dimension: d, matrices }: Representation): Float64Array {
  const count = matrices.data.length / (d * d);
  return Float64Array.from({ length: count }, (_, g) => {
    let trace = 0;
    for (let i = 0; i < d; i++) trace += matrices.data[g * d * d + i * (d + 1)] as number;
    return trace;
  });
}

/** One matrix for each element, from its entries in row-major order. */
export function fromEntries(
  name: string,
  order: number,
  dimension: number,
  entries: (g: number) => ArrayLike<number>,
): Representation {
  const size = dimension * dimension;
  const matrices = float64([order, dimension, dimension]);
  for (let g = 0; g < order; g++) matrices.data.set(entries(g), g * size);
  return { name, dimension, matrices };
}

/** The permutation matrices of the group's action: M[i, a(i)] = 1, of size `degree`. */
export function naturalRepresentation({ order, degree, action }: FiniteGroup): Representation {
  return fromEntries("natural", order, degree, (g) => {
    const entries = new Float64Array(degree * degree);
    for (let i = 0; i < degree; i++) {
      entries[i * degree + (action[g * degree + i] as number)] = 1;
    }
    return entries;
  });
}

/** The matrix of one element, "row column", without a copy. */
export function matrixOf({ dimension: d, matrices }: Representation, g: number): Float64Array {
  return matrices.data.subarray(g * d * d, (g + 1) * d * d);
}

/** Product of two square matrices of size d, row-major. */
export function timesSquare(a: Float64Array, b: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      const x = a[i * d + k] as number;
      if (x === 0) continue;
      for (let j = 0; j < d; j++)
        out[i * d + j] = (out[i * d + j] as number) + x * (b[k * d + j] as number);
    }
  }
  return out;
}

/**
 * The representation on an invariant subspace with orthonormal basis `basis` "row new": Bᵀ R B, and
 * with the given complex structure restricted likewise.
 */
export function restrictTo(
  name: string,
  { dimension: d, matrices }: Representation,
  basis: Float64NdArray,
  structure?: Float64Array,
): Representation {
  const [, size] = basis.shape as [number, number];
  const order = matrices.data.length / (d * d);
  const project = (m: Float64Array): Float64Array => conjugate(m, basis.data, d, size);
  const restricted = fromEntries(name, order, size, (g) =>
    project(matrices.data.subarray(g * d * d, (g + 1) * d * d)),
  );
  if (structure === undefined) return restricted;
  return { ...restricted, complexStructure: float64([size, size], project(structure)) };
}

function conjugate(m: Float64Array, basis: Float64Array, d: number, size: number): Float64Array {
  const half = new Float64Array(d * size);
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      const x = m[i * d + k] as number;
      for (let j = 0; j < size; j++) {
        half[i * size + j] = (half[i * size + j] as number) + x * (basis[k * size + j] as number);
      }
    }
  }
  const out = new Float64Array(size * size);
  for (let k = 0; k < d; k++) {
    for (let i = 0; i < size; i++) {
      const x = basis[k * size + i] as number;
      for (let j = 0; j < size; j++) {
        out[i * size + j] = (out[i * size + j] as number) + x * (half[k * size + j] as number);
      }
    }
  }
  return out;
}
