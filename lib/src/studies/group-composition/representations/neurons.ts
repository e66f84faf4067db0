import { type Float64NdArray, float64, matmul, transpose } from "../../../analysis/linalg/index.ts";
import type { Representation } from "./representation.ts";
import { functionSpace } from "./span.ts";
import type { PairSums } from "./sums.ts";

/** How much of each neuron the functions of each representation explain. */
export interface NeuronRepresentations {
  /**
   * "neuron irrep": share of each neuron's variance over all pairs in functions ρ(a), ρ(b) and ρ(ab) of
   * each representation; zero for a neuron that never changes.
   */
  readonly shares: Float64NdArray;
  /** Name of the non-trivial representation with the largest share; "" for a neuron that never changes. */
  readonly belongsTo: readonly string[];
  /** That share. */
  readonly best: readonly number[];
}

/** Below this share of the largest neuron's variance a neuron counts as never changing. */
const dead = 1e-12;

/** Which representation each neuron computes with. */
export function neuronRepresentations(
  irreps: readonly Representation[],
  { order, byA, byB, byProduct, squares: variances }: PairSums,
): NeuronRepresentations {
  const neuron = variances.length;
  const top = Math.max(...variances);
  const shares = float64([neuron, irreps.length]);
  for (const [r, irrep] of irreps.entries()) {
    if (irrep.name === "trivial") continue;
    const basis = transpose(functionSpace(irrep));
    for (const sums of [byA, byB, byProduct]) {
      const squares = squaresByColumn(matmul(basis, sums).data, neuron);
      for (const [j, variance] of variances.entries()) {
        if (variance <= dead * top) continue;
        const slot = j * irreps.length + r;
        const share = (squares[j] as number) / order / variance;
        shares.data[slot] = (shares.data[slot] as number) + share;
      }
    }
  }
  const rows = Array.from({ length: neuron }, (_, j) =>
    shares.data.subarray(j * irreps.length, (j + 1) * irreps.length),
  );
  const best = rows.map((row) => Math.max(...row));
  const belongsTo = rows.map((row, j) =>
    best[j] === 0 ? "" : (irreps[row.indexOf(best[j] as number)]?.name ?? ""),
  );
  return { shares, belongsTo, best };
}

function squaresByColumn(data: Float64Array, columns: number): number[] {
  const out = new Array<number>(columns).fill(0);
  for (const [at, x] of data.entries()) {
    out[at % columns] = (out[at % columns] as number) + x * x;
  }
  return out;
}
