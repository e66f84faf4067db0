import type { NdArray } from "../core/nd.ts";
import type { Model, WeightArrays } from "../models/index.ts";
import type { TorchGenerator } from "../rng/index.ts";
import type { Examples, Split } from "../tasks/task.ts";
import type { LossPrecision } from "./loss.ts";

/** AdamW, Adam or SGD with PyTorch's semantics and defaults. */
export interface OptimizerOptions {
  readonly name: "adamw" | "adam" | "sgd";
  /** Learning rate before the schedule. */
  readonly lr: number;
  /** Exponential decay rates of the two moments (Adam); default (0.9, 0.999). */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly eps?: number;
  /** Decoupled for adamw, added to the gradient for adam and sgd; default 0. */
  readonly weightDecay?: number;
  /** SGD only; default 0. */
  readonly momentum?: number;
}

/** Factor on the learning rate at each step. */
export interface ScheduleOptions {
  readonly name: "constant" | "warmup" | "cosine";
  /** `warmup`: min(step / warmupSteps, 1), so the first update has factor 0, as in the notebooks. */
  readonly warmupSteps?: number;
}

/** Fresh examples for every update, drawn one batch after the other. */
export interface ExampleStream<P = unknown> {
  /** What `draw` makes examples of. */
  readonly params: P;
  /** `TorchGenerator.state()` before the first batch. */
  readonly generator: Uint8Array;
  /** `count` examples shaped like those of the split. */
  draw(params: P, generator: TorchGenerator, count: number): Examples;
}

/** Examples and how each of their labels was answered. */
export interface Answers {
  readonly examples: Examples;
  /** float64 like the labels: cross-entropy of each, in nats. */
  readonly losses: NdArray;
  /** int32 like the labels: the class with the largest logit. */
  readonly predictions: NdArray;
}

/** What the train and the test columns of a logged row are about. */
export interface Measures {
  /** `batch`: the mini-batch that the next update trains on, before that update. */
  readonly train: "split" | "batch";
  /**
   * `batch`: the same again, for examples that are never seen twice; a stream: at step n its n-th
   * draw of `count` examples, counted from 0.
   */
  readonly test: "split" | "batch" | { readonly stream: ExampleStream; readonly count: number };
}

/** Everything that decides what a training run computes. Same plan, same back end: same bytes. */
export interface TrainingPlan<C = unknown> {
  readonly model: Model<C>;
  readonly config: C;
  readonly initial: WeightArrays;
  readonly split: Split;
  /** Number of examples per update, or "full". */
  readonly batchSize: number | "full";
  /** Train on these and not on `split.train`, which then only measures; needs a batch size. */
  readonly stream?: ExampleStream;
  /** Seed of the generator that shuffles mini-batches; a stream has its own. */
  readonly batchSeed: number;
  /**
   * The order of the next pass over `count` training examples in mini-batches, and all it draws;
   * default `generator.randperm(count)`.
   */
  readonly passOrder?: (generator: TorchGenerator, count: number) => Int32Array;
  /** Updates in total. */
  readonly steps: number;
  /** Log losses and accuracies every so many updates (and at 0 and the end). */
  readonly evalEvery: number;
  /** Further steps to log, e.g. the ones a notebook printed; default none. */
  readonly evalAt?: readonly number[];
  /** What a row measures; default the two parts of the split. */
  readonly measures?: Measures;
  /** Further columns of every row, from what it measured; default none. */
  readonly columns?: (train: Answers, test: Answers) => Readonly<Record<string, number>>;
  /** Save a checkpoint every so many updates (and at 0 and the end). */
  readonly checkpointEvery: number;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  /**
   * In which the gradient of the loss by the logits is taken, before it is rounded to float32; a
   * back end without float64 takes float32. Default `float32`, which is exact for tiny losses too.
   */
  readonly lossPrecision?: LossPrecision;
  /**
   * So many first updates are computed in float64 from end to end, weights and moments included, and
   * the others in float32; default 0. For an early phase that magnifies rounding; these updates take
   * two to three times as long. Needs a back end with float64.
   */
  readonly float64Steps?: number;
  /** Names of the weights that are not trained, e.g. every bias. */
  readonly frozen: readonly string[];
}
