/** The hidden layer folded by a, by b and by the product ab. */

import type { NdArray } from "../../core/nd.ts";
import type { FiniteGroup } from "../../groups/index.ts";
import { columnMeans, type Float64NdArray, float64 } from "../linalg/index.ts";
import { projectOn } from "./span.ts";

export interface FoldedHidden {
  readonly order: number;
  /** Sum of squares of the centred hidden layer. */
  readonly total: number;
  /** "element neuron": sums of the centred activations over the pairs with that a, b or ab. */
  readonly byA: Float64NdArray;
  readonly byB: Float64NdArray;
  readonly byProduct: Float64NdArray;
  /** The sums by product of the activations as they are. */
  readonly rawByProduct: Float64NdArray;
}

/** Fold activations "pair neuron". */
export function foldHidden({ order, table }: FiniteGroup, hidden: NdArray): FoldedHidden {
  const width = hidden.shape[1] as number;
  const means = columnMeans(hidden);
  const [byA, byB, byProduct, rawByProduct] = [0, 1, 2, 3].map(() => float64([order, width])) as [
    Float64NdArray,
    Float64NdArray,
    Float64NdArray,
    Float64NdArray,
  ];
  let total = 0;
  for (let pair = 0; pair < order * order; pair++) {
    const a = Math.floor(pair / order) * width;
    const b = (pair % order) * width;
    const ab = (table[pair] as number) * width;
    for (let j = 0; j < width; j++) {
      const raw = hidden.data[pair * width + j] as number;
      const x = raw - (means[j] as number);
      total += x * x;
      byA.data[a + j] = (byA.data[a + j] as number) + x;
      byB.data[b + j] = (byB.data[b + j] as number) + x;
      byProduct.data[ab + j] = (byProduct.data[ab + j] as number) + x;
      rawByProduct.data[ab + j] = (rawByProduct.data[ab + j] as number) + raw;
    }
  }
  return { order, total, byA, byB, byProduct, rawByProduct };
}

/** Projection of the activations on functions ρ(ab): a table "ab neuron". */
export function hiddenOfProduct(
  basis: Float64NdArray,
  { order, rawByProduct }: FoldedHidden,
): Float64NdArray {
  const sums = projectOn(basis, rawByProduct);
  return { ...sums, data: sums.data.map((x) => x / order) };
}
