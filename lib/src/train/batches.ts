/** Mini-batches: passes over the training examples or fresh ones, repeatable from a saved state. */

import { InputError } from "../core/errors.ts";
import { checkIndices } from "../core/indices.ts";
import { type NdArray, nd } from "../core/nd.ts";
import { shown } from "../core/text.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { Examples } from "../tasks/task.ts";
import { checkDraw, exampleSizes } from "./examples-check.ts";
import type { ExampleStream, TrainingPlan } from "./plan.ts";

/** Where a sequence of batches stands. */
export interface BatchState {
  /** `TorchGenerator.state()` from before the current pass was shuffled, or the next batch drawn. */
  readonly generator: Uint8Array;
  /** Batches of the current pass that were taken; 0 for fresh examples. */
  readonly taken: number;
}

/** A sequence of mini-batches. */
export interface BatchSource {
  next(): Examples;
  state(): BatchState;
  /** Go on exactly where `state()` was taken. */
  restore(state: BatchState): void;
}

/** The mini-batches of a plan; undefined for full batches, which are part of the compiled step. */
export function batchesOf(plan: TrainingPlan): BatchSource | undefined {
  const { stream, batchSize, batchSeed, split } = plan;
  if (batchSize === "full") {
    if (stream === undefined) return undefined;
    throw new InputError("batchSize: must be a number where examples are streamed, got full");
  }
  if (stream !== undefined) return new FreshBatches(stream, batchSize, drawCheck(plan, "train"));
  return new Batches(split.train, batchSize, batchSeed, plan.passOrder);
}

/** Looks at a draw of a stream before it is used. */
export type DrawCheck = (drawn: Examples, count: number) => Examples;

/** Refuse draws that do not fit the plan's model, or the examples of the split that they stand for. */
export function drawCheck(plan: TrainingPlan, part: "train" | "test"): DrawCheck {
  const sizes = exampleSizes(plan.model, plan.config);
  return (drawn, count) => checkDraw("stream", drawn, count, plan.split[part], sizes);
}

const unchecked: DrawCheck = (drawn) => drawn;

/** A stream by the number of the draw: repeatable, and cheap for numbers that ascend. */
export class Draws {
  private readonly stream: ExampleStream;
  private readonly count: number;
  private readonly check: DrawCheck;
  private batches: FreshBatches;
  private done = 0;

  constructor(stream: ExampleStream, count: number, check: DrawCheck = unchecked) {
    this.stream = stream;
    this.count = count;
    this.check = check;
    this.batches = new FreshBatches(stream, count, check);
  }

  /** Draw number `n`, from 0. */
  at(n: number): Examples {
    if (n < this.done) {
      this.batches = new FreshBatches(this.stream, this.count, this.check);
      this.done = 0;
    }
    for (; this.done < n; this.done++) this.batches.next();
    this.done += 1;
    return this.batches.next();
  }
}

/** Batches of `size` examples that are drawn when they are needed, and never again. */
export class FreshBatches implements BatchSource {
  private readonly stream: ExampleStream;
  private readonly size: number;
  private readonly check: DrawCheck;
  private readonly generator = new TorchGenerator(0);

  constructor(stream: ExampleStream, size: number, check: DrawCheck = unchecked) {
    if (!Number.isInteger(size) || size < 1) {
      throw new InputError(`batchSize: must be a whole number of at least 1, got ${size}`);
    }
    checkStream("stream", stream);
    this.stream = stream;
    this.size = size;
    this.check = check;
    this.generator.setState(stream.generator);
  }

  next(): Examples {
    const { stream, generator, size } = this;
    return this.check(stream.draw(stream.params, generator, size), size);
  }

  state(): BatchState {
    return { generator: this.generator.state(), taken: 0 };
  }

  restore({ generator }: BatchState): void {
    this.generator.setState(generator);
  }
}

/**
 * Batches of `size` examples. The order of each pass comes from the generator seeded with `seed`,
 * by default as one `randperm`; what is left at its end and too few for a batch is dropped
 * (`drop_last` of PyTorch's `DataLoader`).
 */
export class Batches implements BatchSource {
  private readonly examples: Examples;
  private readonly size: number;
  private readonly generator: TorchGenerator;
  private readonly pass: () => Int32Array;
  private before: Uint8Array;
  private order: Int32Array;
  private taken = 0;

  constructor(
    examples: Examples,
    size: number,
    seed: number,
    passOrder: NonNullable<TrainingPlan["passOrder"]> = (generator, n) => generator.randperm(n),
  ) {
    const count = examples.tokens.shape[0] as number;
    if (!Number.isInteger(size) || size < 1 || size > count) {
      throw new InputError(`batchSize: must be 1 to ${count} (training examples), got ${size}`);
    }
    this.examples = examples;
    this.size = size;
    this.generator = new TorchGenerator(seed);
    this.pass = () => checkOrder(passOrder(this.generator, count), size, count);
    this.before = this.generator.state();
    this.order = this.pass();
  }

  next(): Examples {
    const { size, examples } = this;
    if ((this.taken + 1) * size > this.order.length) {
      this.before = this.generator.state();
      this.order = this.pass();
      this.taken = 0;
    }
    const rows = this.order.subarray(this.taken * size, (this.taken + 1) * size);
    this.taken += 1;
    return {
      ...examples,
      tokens: takeRows(examples.tokens, rows),
      labels: takeRows(examples.labels, rows),
      ...(examples.places === undefined ? {} : { places: takeRows(examples.places, rows) }),
    };
  }

  state(): BatchState {
    return { generator: this.before, taken: this.taken };
  }

  restore({ generator, taken }: BatchState): void {
    this.generator.setState(generator);
    this.before = generator;
    this.order = this.pass();
    this.taken = taken;
  }
}

/** @throws InputError for an order of rows that are not there, or too few for a batch. */
function checkOrder(order: Int32Array, size: number, count: number): Int32Array {
  if (!(order instanceof Int32Array) || order.length < size) {
    throw new InputError(
      `passOrder: must give an Int32Array of at least ${size} numbers (batchSize), got ${order instanceof Int32Array ? order.length : shown(order)}`,
    );
  }
  checkIndices("passOrder", "rows", { shape: [order.length], data: order }, count);
  return order;
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

/** @throws InputError for what is no stream. */
function checkStream(where: string, stream: ExampleStream): void {
  if (typeof stream?.draw === "function" && stream.generator instanceof Uint8Array) return;
  throw new InputError(
    `${where}: must be { params, generator, draw }, with generator from TorchGenerator.state()`,
  );
}
