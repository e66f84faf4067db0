/** The train/test split of every study of modular arithmetic. */

import { InputError } from "../../../core/errors.ts";
import { type NdArray, nd } from "../../../core/nd.ts";
import { pythonShuffle, TorchGenerator } from "../../../rng/index.ts";
import { modularArithmetic } from "../../../tasks/modular-arithmetic/index.ts";
import type { Examples, Split } from "../../../tasks/task.ts";

/** The parameters a split depends on. */
export interface SplitParams {
  readonly operation: "a+b" | "a-b" | "a*b" | "a/b" | "a^2+b^2" | "x^2+xy+y^2";
  readonly p: number;
  readonly trainFraction: number;
  readonly dataSeed: number;
  readonly splitGenerator: "torch" | "python";
}

/**
 * Train and test examples. `"torch"`: the first share of `torch.randperm`, as in Grokking_Demo;
 * `"python"`: of Python's `random.shuffle`, as in progress-measures-paper (Nanda et al. 2023).
 */
export function modularSplit(params: SplitParams): Split {
  if (params.splitGenerator === "torch") {
    return modularArithmetic.split(params, new TorchGenerator(params.dataSeed));
  }
  const all = modularArithmetic.examples(params);
  const count = all.tokens.shape[0] as number;
  const order = pythonShuffle([...Array(count).keys()], params.dataSeed);
  const cut = Math.floor(params.trainFraction * order.length);
  if (cut === 0 || cut === order.length) {
    throw new InputError(
      `trainFraction: must leave both train and test examples, got ${params.trainFraction}`,
    );
  }
  return { train: pick(all, order.slice(0, cut)), test: pick(all, order.slice(cut)) };
}

function pick(all: Examples, rows: readonly number[]): Examples {
  const width = all.tokens.shape[1] as number;
  const tokens = new Int32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    tokens.set(all.tokens.data.subarray(row * width, (row + 1) * width), i * width);
  }
  const labels = Int32Array.from(rows, (row) => all.labels.data[row] as number);
  return {
    tokens: nd("int32", [rows.length, width], tokens),
    labels: nd("int32", [rows.length], labels),
  };
}

/** Row-major index a * p + b of each example, for tables over all pairs. */
export function pairIndices(examples: Examples, p: number): Int32Array {
  const { tokens } = examples;
  const width = tokens.shape[1] as number;
  return Int32Array.from({ length: tokens.shape[0] as number }, (_, i) => {
    return (tokens.data[i * width] as number) * p + (tokens.data[i * width + 1] as number);
  });
}

/** Every pair (a, b) in row-major order as tokens [a, b, p] "pair pos". */
export function allPairs(p: number): NdArray {
  const tokens = new Int32Array(p * p * 3);
  for (let i = 0; i < p * p; i++) tokens.set([Math.floor(i / p), i % p, p], i * 3);
  return nd("int32", [p * p, 3], tokens);
}
