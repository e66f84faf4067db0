/**
 * Irreducible representations of the symmetric groups by Young's orthogonal form: matrices of the
 * neighbor transpositions (k k+1) on standard tableaux. Source: James and Kerber 1981, The
 * Representation Theory of the Symmetric Group, section 3.4.
 */

import { float64 } from "../../../analysis/linalg/index.ts";
import { type FiniteGroup, multiply, type Permutation } from "../../../groups/index.ts";
import { type Representation, timesSquare } from "./representation.ts";

/** Row lengths, largest first. */
export type Partition = readonly number[];

/** Row and column of each number 0 … n-1. */
export type Tableau = readonly (readonly [row: number, column: number])[];

/** All partitions of n, in reverse lexicographic order: (n) first. */
export function partitionsOf(n: number, largest: number = n): readonly Partition[] {
  if (n === 0) return [[]];
  const heads = Array.from({ length: Math.min(n, largest) }, (_, i) => Math.min(n, largest) - i);
  return heads.flatMap((head) => partitionsOf(n - head, head).map((rest) => [head, ...rest]));
}

/** Rows become columns. */
export function conjugatePartition(shape: Partition): Partition {
  return Array.from(
    { length: shape[0] ?? 0 },
    (_, column) => shape.filter((row) => row > column).length,
  );
}

/** Numberings of the boxes that grow along rows and down columns. */
export function standardTableaux(shape: Partition): readonly Tableau[] {
  if (shape.every((row) => row === 0)) return [[]];
  return shape.flatMap((length, row) => {
    if (length === 0 || length === (shape[row + 1] ?? 0)) return [];
    const smaller = shape.map((one, i) => (i === row ? one - 1 : one));
    return standardTableaux(smaller).map((tableau) => [...tableau, [row, length - 1] as const]);
  });
}

/** The tableau with the numbers k and k + 1 exchanged. */
export function exchanged(tableau: Tableau, k: number): Tableau {
  return tableau.map((box, i) => tableau[i === k ? k + 1 : i === k + 1 ? k : i] ?? box);
}

/** Matrix of the transposition (k k+1) on the tableaux, row-major. */
function neighborMatrix(tableaux: readonly Tableau[], k: number): Float64Array {
  const d = tableaux.length;
  const indexOf = new Map(tableaux.map((tableau, i) => [tableau.join(";"), i]));
  const out = new Float64Array(d * d);
  for (const [i, tableau] of tableaux.entries()) {
    const content = (at: number): number => {
      const [row, column] = tableau[at] as readonly [number, number];
      return column - row;
    };
    const distance = content(k + 1) - content(k);
    out[i * d + i] = 1 / distance;
    const other = indexOf.get(exchanged(tableau, k).join(";"));
    if (other !== undefined) out[i * d + other] = Math.sqrt(1 - 1 / distance ** 2);
  }
  return out;
}

/** The irreducible representation of S_n that belongs to a partition of n. */
export function spechtRepresentation(
  name: string,
  group: FiniteGroup,
  permutations: readonly Permutation[],
  shape: Partition,
): Representation {
  const tableaux = standardTableaux(shape);
  const d = tableaux.length;
  const n = shape.reduce((sum, row) => sum + row, 0);
  const indexOf = new Map(permutations.map((p, i) => [p.join(), i]));
  const generators = Array.from({ length: n - 1 }, (_, k) => {
    const images = Array.from({ length: n }, (_, i) => (i === k ? k + 1 : i === k + 1 ? k : i));
    return {
      element: indexOf.get(images.join()) as number,
      matrix: neighborMatrix(tableaux, k),
    };
  });
  const found = new Map([[group.identity, identityMatrix(d)]]);
  const queue = [group.identity];
  for (const a of queue) {
    for (const { element, matrix } of generators) {
      const product = multiply(group, a, element);
      if (found.has(product)) continue;
      found.set(product, timesSquare(found.get(a) as Float64Array, matrix, d));
      queue.push(product);
    }
  }
  const matrices = float64([group.order, d, d]);
  for (const [element, matrix] of found) matrices.data.set(matrix, element * d * d);
  return { name, dimension: d, matrices };
}

function identityMatrix(d: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0));
}
