/** Mini-batches: shuffled passes over the training examples, repeatable from a saved state. */

import { InputError } from "../core/errors.ts";
import { type NdArray, nd } from "../core/nd.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { Examples } from "../tasks/task.ts";

/** Where a sequence of batches stands. */
export interface BatchState {
  /** `TorchGenerator.state()` from before the current pass was shuffled. */
  readonly generator: Uint8Array;
  /** Batches of the current pass that were taken. */
  readonly taken: number;
}

/**
 * Batches of `size` examples. Each pass is one `randperm` of the generator seeded with `seed`; what
 * is left at its end and too few for a batch is dropped (`drop_last` of PyTorch's `DataLoader`).
 */
export class Batches {
  private readonly examples: Examples;
  private readonly size: number;
  private readonly generator: TorchGenerator;
  private before: Uint8Array;
  private order: Int32Array;
  private taken = 0;

  constructor(examples: Examples, size: number, seed: number) {
    const count = examples.tokens.shape[0] as number;
    if (!Number.isInteger(size) || size < 1 || size > count) {
      throw new InputError(`batchSize: must be 1 to ${count} (training examples), got ${size}`);
    }
    this.examples = examples;
    this.size = size;
    this.generator = new TorchGenerator(seed);
    this.before = this.generator.state();
    this.order = this.generator.randperm(count);
  }

  next(): Examples {
    const { size, examples } = this;
    if ((this.taken + 1) * size > this.order.length) {
      this.before = this.generator.state();
      this.order = this.generator.randperm(this.order.length);
      this.taken = 0;
    }
    const rows = this.order.subarray(this.taken * size, (this.taken + 1) * size);
    this.taken += 1;
    return { tokens: takeRows(examples.tokens, rows), labels: takeRows(examples.labels, rows) };
  }

  state(): BatchState {
    return { generator: this.before, taken: this.taken };
  }

  /** Go on exactly where `state()` was taken. */
  restore({ generator, taken }: BatchState): void {
    this.generator.setState(generator);
    this.before = generator;
    this.order = this.generator.randperm(this.order.length);
    this.taken = taken;
  }
}

/** Rows of an array, by index. */
function takeRows(array: NdArray, rows: Int32Array): NdArray {
  const width = array.data.length / (array.shape[0] as number);
  const out = new Int32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    out.set(array.data.subarray(row * width, (row + 1) * width), i * width);
  }
  return nd(array.dtype, [rows.length, ...array.shape.slice(1)], out);
}
