/** Losses on the training pairs of what is left when a part that depends on the product is taken away. */

import { type Float64NdArray, float64, matmul } from "../../../analysis/linalg/index.ts";
import { rowLoss } from "../../../analysis/losses/index.ts";
import type { NdArray } from "../../../core/nd.ts";
import type { FiniteGroup } from "../../../groups/index.ts";
import type { PairBlock } from "./pairs.ts";

/** Tables "ab c" that are taken away from the logits, and from what the hidden layer writes to them. */
export interface Removed {
  readonly logits: Float64NdArray | null;
  readonly hidden: Float64NdArray;
}

/** Loss on all pairs of logits that are a table "ab c": every product occurs equally often. */
export function productLoss({ order }: FiniteGroup, { data }: Float64NdArray): number {
  let sum = 0;
  for (let g = 0; g < order; g++) sum += rowLoss(data, g * order, order, g);
  return sum / order;
}

interface SubspaceSums {
  logits: number;
  hidden: number;
}

/** Adds up the losses without each of some parts, block by block. */
export class ExcludedLosses {
  readonly #unembed: NdArray;
  readonly #group: FiniteGroup;
  readonly #trained: Uint8Array;
  readonly #parts: readonly { readonly logits: Without | null; readonly hidden: Without }[];
  readonly #sums: SubspaceSums[];
  #pairs = 0;

  constructor(
    group: FiniteGroup,
    unembed: NdArray,
    trainIndices: Int32Array,
    parts: readonly Removed[],
  ) {
    this.#unembed = unembed;
    this.#group = group;
    this.#trained = new Uint8Array(group.order ** 2);
    for (const pair of trainIndices) this.#trained[pair] = 1;
    this.#parts = parts.map(({ logits, hidden }) => ({
      logits: logits === null ? null : new Without(logits),
      hidden: new Without(hidden),
    }));
    this.#sums = parts.map(() => ({ logits: 0, hidden: 0 }));
  }

  /** The training pairs of a block. */
  add({ start, logits, hidden }: PairBlock): void {
    const { order, table } = this.#group;
    const rows = Array.from({ length: logits.shape[0] as number }, (_, i) => i).filter(
      (i) => this.#trained[start + i] === 1,
    );
    const written = matmul(rowsAt(hidden, rows), this.#unembed);
    const row = new Float64Array(order);
    for (const [i, at] of rows.entries()) {
      const label = table[start + at] as number;
      const given = powersOf(logits.data, at * order, row, label);
      for (const [p, { logits: without }] of this.#parts.entries()) {
        if (without === null) continue;
        const sum = this.#sums[p] as SubspaceSums;
        sum.logits += without.loss(logits.data, at * order, row, given, label);
      }
      const wrote = powersOf(written.data, i * order, row, label);
      for (const [p, { hidden: without }] of this.#parts.entries()) {
        const sum = this.#sums[p] as SubspaceSums;
        sum.hidden += without.loss(written.data, i * order, row, wrote, label);
      }
    }
    this.#pairs += rows.length;
  }

  /** For each part the mean losses without it; NaN without training pairs. */
  result(): { readonly logits: number | null; readonly hidden: number }[] {
    return this.#sums.map(({ logits, hidden }, p) => ({
      logits: this.#parts[p]?.logits === null ? null : logits / this.#pairs,
      hidden: hidden / this.#pairs,
    }));
  }
}

/** Exponents up to this size are multiplied after they are taken; beyond, every loss is its own. */
const mostExponent = 300;

/**
 * Write exp(x_c - x_label) into `row`, with 0 for the label; gives the largest exponent. The
 * exponentials of a pair are taken once for all parts.
 */
function powersOf(
  data: ArrayLike<number>,
  start: number,
  row: Float64Array,
  label: number,
): number {
  const own = data[start + label] as number;
  let most = 0;
  for (let c = 0; c < row.length; c++) {
    const exponent = (data[start + c] as number) - own;
    if (exponent > most) most = exponent;
    row[c] = c === label ? 0 : Math.exp(exponent);
  }
  return most;
}

/** The loss of logits less a table: log(1 + Σ exp(x_c - x_l) exp(T_l - T_c)) over the wrong answers c. */
class Without {
  readonly #table: Float64NdArray;
  /** "ab c": exp(T_l - T_c) with l = ab. */
  readonly #powers: Float64NdArray;
  readonly #most: number;

  constructor(table: Float64NdArray) {
    const order = table.shape[0] as number;
    this.#table = table;
    this.#powers = float64(table.shape);
    let most = 0;
    for (let at = 0; at < table.data.length; at++) {
      const label = Math.floor(at / order);
      const own = table.data[label * order + label] as number;
      const exponent = own - (table.data[at] as number);
      most = Math.max(most, Math.abs(exponent));
      this.#powers.data[at] = Math.exp(exponent);
    }
    this.#most = most;
  }

  /** `powers` and `largest` are what `powersOf` gives for the logits `x` from `start` on. */
  loss(
    x: ArrayLike<number>,
    start: number,
    powers: Float64Array,
    largest: number,
    label: number,
  ): number {
    const order = powers.length;
    const from = label * order;
    if (largest > mostExponent || this.#most > mostExponent) {
      const rest = Float64Array.from(
        { length: order },
        (_, c) => (x[start + c] as number) - (this.#table.data[from + c] as number),
      );
      return rowLoss(rest, 0, order, label);
    }
    const factors = this.#powers.data;
    let sum = 0;
    for (let c = 0; c < order; c++) sum += (powers[c] as number) * (factors[from + c] as number);
    return Math.log1p(sum);
  }
}

function rowsAt({ data, shape }: NdArray, rows: readonly number[]): Float64NdArray {
  const width = shape[1] as number;
  const out = float64([rows.length, width]);
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j < width; j++) out.data[i * width + j] = data[row * width + j] as number;
  }
  return out;
}
