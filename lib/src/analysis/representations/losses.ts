/** Losses over pairs, where what is kept or taken away depends on the product ab only. */

import type { NdArray } from "../../core/nd.ts";
import type { FiniteGroup } from "../../groups/index.ts";
import { type Float64NdArray, float64, matmul } from "../linalg/index.ts";
import { rowLoss } from "../logits/index.ts";

/** Mean cross-entropies in nats and fractions answered right. */
export interface SplitPerformance {
  readonly loss: { readonly train: number; readonly test: number; readonly all: number };
  readonly accuracy: { readonly train: number; readonly test: number; readonly all: number };
}

/** Losses and accuracies of logits "pair c". A part without pairs has NaN. */
export function performanceOf(
  { order, table }: FiniteGroup,
  logits: NdArray,
  train: Int32Array,
  test: Int32Array,
): SplitPerformance {
  const losses = new Float64Array(order * order);
  const hits = new Float64Array(order * order);
  for (const [pair, label] of table.entries()) {
    const row = logits.data.subarray(pair * order, (pair + 1) * order);
    losses[pair] = rowLoss(row, 0, order, label);
    hits[pair] = largestOf(row) === label ? 1 : 0;
  }
  const over = (values: Float64Array) => ({
    train: meanAt(values, train),
    test: meanAt(values, test),
    all: values.reduce((sum, x) => sum + x, 0) / values.length,
  });
  return { loss: over(losses), accuracy: over(hits) };
}

/** Index of the largest entry, the first of equal ones. */
function largestOf(row: ArrayLike<number>): number {
  let best = 0;
  for (let c = 1; c < row.length; c++) if ((row[c] as number) > (row[best] as number)) best = c;
  return best;
}

function meanAt(values: Float64Array, indices: Int32Array): number {
  let sum = 0;
  for (const i of indices) sum += values[i] as number;
  return sum / indices.length;
}

/** Loss on all pairs of logits that are a table "ab c": every product occurs equally often. */
export function productLoss({ order }: FiniteGroup, { data }: Float64NdArray): number {
  let sum = 0;
  for (let g = 0; g < order; g++) {
    sum += rowLoss(data, g * order, order, g);
  }
  return sum / order;
}

/** Tables "ab c" that are taken away from the logits, and from what the hidden layer writes to them. */
export interface Removed {
  readonly logits: Float64NdArray | null;
  readonly hidden: Float64NdArray;
}

interface ExcludedInput {
  readonly group: FiniteGroup;
  readonly logits: NdArray;
  readonly hidden: NdArray;
  readonly unembed: NdArray;
  readonly trainIndices: Int32Array;
}

/** Training pairs handled together. */
const blockSize = 2048;

/** Losses on the training pairs of what is left when a part is taken away. */
export class ExcludedLosses {
  readonly emptyLogits: Float64NdArray;
  readonly emptyHidden: Float64NdArray;
  private readonly input: ExcludedInput;

  constructor(input: ExcludedInput) {
    const { order } = input.group;
    this.input = input;
    this.emptyLogits = float64([order, order]);
    this.emptyHidden = float64([order, input.hidden.shape[1] as number]);
  }

  /** A table "ab neuron" of the hidden layer as logits "ab c". */
  unembedded(table: Float64NdArray): Float64NdArray {
    return matmul(table, this.input.unembed);
  }

  /** For each part the losses without it. */
  of(parts: readonly Removed[]): { readonly logits: number | null; readonly hidden: number }[] {
    const { trainIndices, logits } = this.input;
    const sums = parts.map(() => ({ logits: 0, hidden: 0 }));
    for (let start = 0; start < trainIndices.length; start += blockSize) {
      const block = trainIndices.subarray(start, start + blockSize);
      const written = matmul(this.hiddenRows(block), this.input.unembed);
      for (const [i, part] of parts.entries()) {
        const sum = sums[i] as { logits: number; hidden: number };
        sum.hidden += this.without(part.hidden, block, written.data, (row) => row);
        if (part.logits === null) continue;
        sum.logits += this.without(part.logits, block, logits.data, (row) => block[row] as number);
      }
    }
    const count = trainIndices.length;
    return sums.map((sum, i) => ({
      logits: parts[i]?.logits === null ? null : sum.logits / count,
      hidden: sum.hidden / count,
    }));
  }

  private hiddenRows(block: Int32Array): Float64NdArray {
    const { data, shape } = this.input.hidden;
    const width = shape[1] as number;
    const rows = float64([block.length, width]);
    for (const [i, pair] of block.entries()) {
      for (let j = 0; j < width; j++) {
        rows.data[i * width + j] = data[pair * width + j] as number;
      }
    }
    return rows;
  }

  /** Sum over a block of the losses of rows `at(i)` of `from` minus the rows of `removed`. */
  private without(
    removed: Float64NdArray,
    block: Int32Array,
    from: ArrayLike<number>,
    at: (row: number) => number,
  ): number {
    const { order, table } = this.input.group;
    const row = new Float64Array(order);
    let sum = 0;
    for (const [i, pair] of block.entries()) {
      const label = table[pair] as number;
      const start = at(i) * order;
      for (let c = 0; c < order; c++) {
        row[c] = (from[start + c] as number) - (removed.data[label * order + c] as number);
      }
      sum += rowLoss(row, 0, order, label);
    }
    return sum;
  }
}
