/** All pairs of elements in blocks, so that a large group's logits are never held at once. */

import { dims } from "../../../core/dims.ts";
import type { NdArray } from "../../../core/nd.ts";
import type { FiniteGroup } from "../../../groups/index.ts";

/** What a model computes on some pairs (a, b) that follow each other in row-major order. */
export interface PairBlock {
  /** Number order·a + b of the first pair. */
  readonly start: number;
  /** "pair c" */
  readonly logits: NdArray;
  /** Activations of the hidden layer, "pair neuron". */
  readonly hidden: NdArray;
}

/** Runs a model on all pairs and shows each of them once, in row-major order. */
export type PairPass = (visit: (block: PairBlock) => void) => Promise<void>;

/** Throws `ShapeError` for a block that is not one of `group`; gives its number of pairs and neurons. */
export function checkBlock(
  where: string,
  { order }: FiniteGroup,
  { logits, hidden }: PairBlock,
): { readonly pair: number; readonly neuron: number } {
  const { pair } = dims(`${where} logits`, logits, "pair c", { c: order });
  const { neuron } = dims(`${where} hidden`, hidden, "pair neuron", { pair });
  return { pair, neuron };
}

/** Index of the largest of `width` entries from `start` on, counted from `start`; the first of equal ones. */
export function largestAt(row: ArrayLike<number>, start: number, width: number): number {
  let top = 0;
  for (let c = 1; c < width; c++) {
    if ((row[start + c] as number) > (row[start + top] as number)) top = c;
  }
  return top;
}
