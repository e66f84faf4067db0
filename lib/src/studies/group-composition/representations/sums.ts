/** What one pass over all pairs adds up: everything that is folded by a, by b and by the product ab. */

import { type Float64NdArray, float64 } from "../../../analysis/linalg/index.ts";
import type { FiniteGroup } from "../../../groups/index.ts";
import { checkBlock, largestAt, type PairBlock, type PairPass } from "./pairs.ts";
import { type LogitComparison, TraceComparison } from "./traces.ts";

/** Mean cross-entropies in nats and fractions answered right. */
export interface SplitPerformance {
  readonly loss: { readonly train: number; readonly test: number; readonly all: number };
  readonly accuracy: { readonly train: number; readonly test: number; readonly all: number };
}

/** Logits and hidden layer folded. Sums are over the pairs with that a, b or product. */
export interface PairSums {
  readonly order: number;
  /** "ab c": of the logits, each row centered over the answers. */
  readonly logits: Float64NdArray;
  /** Euclidean norm of all centered logits. */
  readonly logitNorm: number;
  /** "element neuron": of the hidden layer less the mean of each neuron. */
  readonly byA: Float64NdArray;
  readonly byB: Float64NdArray;
  readonly byProduct: Float64NdArray;
  /** "ab neuron": of the hidden layer as it is. */
  readonly rawByProduct: Float64NdArray;
  /** "neuron": squares of the hidden layer less the mean of each neuron, over all pairs. */
  readonly squares: Float64Array;
  /** "pair": cross-entropies, and 1 where the answer is right. */
  readonly losses: Float64Array;
  readonly hits: Uint8Array;
  /** How well the hypothesis fits the logits. */
  readonly comparison: LogitComparison;
}

/** One pass; `hypothesis` "ab c" is compared with the logits on the way. */
export async function sumPairs(
  group: FiniteGroup,
  pass: PairPass,
  hypothesis: Float64NdArray,
): Promise<PairSums> {
  const { order } = group;
  const comparison = new TraceComparison(hypothesis);
  const logits = new LogitSums(group, comparison);
  let hidden: HiddenSums | undefined;
  await pass((block) => {
    const { pair, neuron } = checkBlock("analyzeRepresentations", group, block);
    hidden ??= new HiddenSums(group, neuron);
    for (let i = 0; i < pair; i++) logits.add(block, i);
    hidden.add(block, pair);
  });
  return {
    order,
    logits: logits.sums,
    logitNorm: Math.sqrt(logits.squares),
    ...(hidden ?? new HiddenSums(group, 0)).centered(),
    losses: logits.losses,
    hits: logits.hits,
    comparison: comparison.result(),
  };
}

class LogitSums {
  readonly #group: FiniteGroup;
  readonly #comparison: TraceComparison;
  readonly #row: Float64Array;
  readonly #powers: Float64Array;
  readonly sums: Float64NdArray;
  readonly losses: Float64Array;
  readonly hits: Uint8Array;
  squares = 0;

  constructor(group: FiniteGroup, comparison: TraceComparison) {
    const { order } = group;
    this.#group = group;
    this.#comparison = comparison;
    this.#row = new Float64Array(order);
    this.#powers = new Float64Array(order);
    this.sums = float64([order, order]);
    this.losses = new Float64Array(order * order);
    this.hits = new Uint8Array(order * order);
  }

  /** Row `i` of a block. */
  add({ start, logits: { data } }: PairBlock, i: number): void {
    const { order, table } = this.#group;
    const pair = start + i;
    const label = table[pair] as number;
    const from = i * order;
    const top = largestAt(data, from, order);
    const others = centerRow(data, from, this.#row, this.#powers);
    for (let c = 0; c < order; c++) {
      const x = this.#row[c] as number;
      this.squares += x * x;
      this.sums.data[label * order + c] = (this.sums.data[label * order + c] as number) + x;
    }
    this.losses[pair] =
      (data[from + top] as number) - (data[from + label] as number) + Math.log1p(others);
    this.hits[pair] = top === label ? 1 : 0;
    this.#comparison.add(label, this.#row, this.#powers);
  }
}

/**
 * Write the logits from `start` on less their mean into `row`, and their exponentials relative to the
 * largest into `powers`; gives the sum of these without the largest.
 */
export function centerRow(
  data: ArrayLike<number>,
  start: number,
  row: Float64Array,
  powers: Float64Array,
): number {
  const width = row.length;
  const top = largestAt(data, start, width);
  const largest = data[start + top] as number;
  let [mean, others] = [0, 0];
  for (let c = 0; c < width; c++) mean += (data[start + c] as number) / width;
  for (let c = 0; c < width; c++) {
    const x = data[start + c] as number;
    row[c] = x - mean;
    const power = c === top ? 1 : Math.exp(x - largest);
    powers[c] = power;
    if (c !== top) others += power;
  }
  return others;
}

class HiddenSums {
  readonly #group: FiniteGroup;
  readonly #width: number;
  readonly #byA: Float64NdArray;
  readonly #byB: Float64NdArray;
  readonly #byProduct: Float64NdArray;
  readonly #squares: Float64Array;

  constructor(group: FiniteGroup, width: number) {
    const table = () => float64([group.order, width]);
    this.#group = group;
    this.#width = width;
    [this.#byA, this.#byB, this.#byProduct] = [table(), table(), table()];
    this.#squares = new Float64Array(width);
  }

  add({ start, hidden: { data } }: PairBlock, pairs: number): void {
    const { order, table } = this.#group;
    const width = this.#width;
    const [byA, byB, byProduct] = [this.#byA.data, this.#byB.data, this.#byProduct.data];
    for (let i = 0; i < pairs; i++) {
      const pair = start + i;
      const a = Math.floor(pair / order) * width;
      const b = (pair % order) * width;
      const ab = (table[pair] as number) * width;
      for (let j = 0; j < width; j++) {
        const x = data[i * width + j] as number;
        byA[a + j] = (byA[a + j] as number) + x;
        byB[b + j] = (byB[b + j] as number) + x;
        byProduct[ab + j] = (byProduct[ab + j] as number) + x;
        this.#squares[j] = (this.#squares[j] as number) + x * x;
      }
    }
  }

  /** Each element occurs in `order` pairs, so the sums lose `order` times a neuron's mean. */
  centered() {
    const { order } = this.#group;
    const width = this.#width;
    const means = new Float64Array(width);
    for (const [at, x] of this.#byA.data.entries()) {
      means[at % width] = (means[at % width] as number) + x / (order * order);
    }
    const less = ({ shape, data }: Float64NdArray): Float64NdArray =>
      float64(
        shape,
        data.map((x, at) => x - order * (means[at % width] as number)),
      );
    return {
      byA: less(this.#byA),
      byB: less(this.#byB),
      byProduct: less(this.#byProduct),
      rawByProduct: this.#byProduct,
      squares: this.#squares.map((x, j) =>
        Math.max(0, x - order * order * (means[j] as number) ** 2),
      ),
    };
  }
}

/** Losses and accuracies over the pairs of both parts. A part without pairs has NaN. */
export function performanceOf(
  { losses, hits }: PairSums,
  train: Int32Array,
  test: Int32Array,
): SplitPerformance {
  const over = (values: ArrayLike<number>) => {
    let all = 0;
    for (let pair = 0; pair < values.length; pair++) all += values[pair] as number;
    return {
      train: meanAt(values, train),
      test: meanAt(values, test),
      all: all / values.length,
    };
  };
  return { loss: over(losses), accuracy: over(hits) };
}

function meanAt(values: ArrayLike<number>, indices: Int32Array): number {
  let sum = 0;
  for (const i of indices) sum += values[i] as number;
  return sum / indices.length;
}
