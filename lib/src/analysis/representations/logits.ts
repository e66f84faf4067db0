/** Logits folded by the product ab, and their part along one character. */

import type { NdArray } from "../../core/nd.ts";
import type { FiniteGroup } from "../../groups/index.ts";
import { type Float64NdArray, float64, sumOfSquares } from "../linalg/index.ts";
import { traceTable } from "./trace.ts";

export interface FoldedLogits {
  /** "ab c": sums of the centred logits over the pairs with that product. */
  readonly sums: Float64NdArray;
  /** Euclidean norm of all centred logits. */
  readonly norm: number;
}

/** Centre every row of logits "pair c" and add up the rows of equal product. */
export function foldLogits({ order, table }: FiniteGroup, logits: NdArray): FoldedLogits {
  const sums = float64([order, order]);
  const { data } = logits;
  let squares = 0;
  for (let pair = 0; pair < order * order; pair++) {
    const start = pair * order;
    const target = (table[pair] as number) * order;
    let mean = 0;
    for (let c = 0; c < order; c++) mean += data[start + c] as number;
    mean /= order;
    for (let c = 0; c < order; c++) {
      const x = (data[start + c] as number) - mean;
      squares += x * x;
      sums.data[target + c] = (sums.data[target + c] as number) + x;
    }
  }
  return { sums, norm: Math.sqrt(squares) };
}

/**
 * Cosine between the centred logits and T = χ(abc⁻¹), and the part of the logits that the published
 * code takes for it: cosine · |logits| · T/|T|, as a table "ab c".
 */
export function logitsOfTrace(
  group: FiniteGroup,
  { sums, norm }: FoldedLogits,
  chi: Float64Array,
): { readonly similarity: number; readonly table: Float64NdArray } {
  const trace = traceTable(group, chi);
  const length = Math.sqrt(group.order * sumOfSquares(trace.data));
  let inner = 0;
  for (let at = 0; at < trace.data.length; at++) {
    inner += (trace.data[at] as number) * (sums.data[at] as number);
  }
  const similarity = inner / (norm * length);
  const factor = (similarity * norm) / length;
  return { similarity, table: { ...trace, data: trace.data.map((x) => factor * x) } };
}
