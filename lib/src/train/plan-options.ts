/** What a person writes of a plan, and the plan that follows from it. */

import { InputError, UnknownNameError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { shown } from "../core/text.ts";
import { HookedModel, type Model, parseConfig, type WeightArrays } from "../models/index.ts";
import { checkWeights } from "../models/weight-source.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { Split, Task } from "../tasks/task.ts";
import { checkExamples, type ExamplesInput, exampleSizes } from "./examples-check.ts";
import type { LossPrecision } from "./loss.ts";
import { optimizerOf } from "./optim/index.ts";
import type { Measures, OptimizerOptions, ScheduleOptions, TrainingPlan } from "./plan.ts";
import { scheduleOf } from "./schedule.ts";

/** A name of a list. Another string compiles, so that plans need no annotations, and is refused. */
export type NameOf<N extends string> = N | (string & {});

/** `OptimizerOptions` whose learning rate is 0.001 by default. */
export interface OptimizerInput extends Omit<OptimizerOptions, "name" | "lr" | "betas"> {
  readonly name: NameOf<OptimizerOptions["name"]>;
  readonly lr?: number;
  /** Two decay rates. */
  readonly betas?: readonly number[];
}

/** `ScheduleOptions` as a plan may be written. */
export interface ScheduleInput extends Omit<ScheduleOptions, "name"> {
  readonly name: NameOf<ScheduleOptions["name"]>;
}

/** Train and test examples in any form. */
export interface SplitInput {
  readonly train: ExamplesInput;
  readonly test: ExamplesInput;
}

/** `Measures` as a plan may be written. */
export interface MeasuresInput {
  readonly train: NameOf<Measures["train"]>;
  readonly test: NameOf<"split" | "batch"> | Exclude<Measures["test"], string>;
}

type Written = "model" | "config" | "initial" | "split" | "batchSize" | "batchSeed" | "measures";
type Defaulted = "evalEvery" | "checkpointEvery" | "optimizer" | "schedule" | "frozen";

/**
 * A plan of which only a model, a task (or a split) and steps must be given; see `TrainingPlan` for
 * the fields that are not here.
 */
export interface PlanOptions extends Omit<TrainingPlan, Written | Defaulted> {
  /** A kind of model, or a model with its weights, where training then starts. */
  readonly model: Model<unknown> | HookedModel<unknown>;
  /** Of the kind of model; with a task, sizes of vocabulary and context follow from it. */
  readonly config?: unknown;
  /** Weights to start from; by default drawn from `seed`. */
  readonly initial?: WeightArrays;
  /** Where examples come from; or `split`. */
  readonly task?: Task<unknown>;
  /** Parameters of the task; each has its default. */
  readonly params?: unknown;
  /** Examples of your own in place of a task. */
  readonly split?: SplitInput;
  /** Of the initial weights, the split and the batches; default 0. */
  readonly seed?: number;
  /** Default "full". */
  readonly batchSize?: number | NameOf<"full">;
  /** Default `seed`. */
  readonly batchSeed?: number;
  /** Default: a hundred rows. */
  readonly evalEvery?: number;
  /** Default: at 0 and at the end. */
  readonly checkpointEvery?: number;
  readonly measures?: MeasuresInput;
  /** A name or options; default "adamw" with a learning rate of 0.001. */
  readonly optimizer?: OptimizerInput | string;
  /** A name or options; default "constant". */
  readonly schedule?: ScheduleInput | string;
  /** Default none. */
  readonly frozen?: readonly string[];
}

const planNames: OptionNames<PlanOptions> = {
  model: true,
  config: true,
  initial: true,
  task: true,
  params: true,
  split: true,
  seed: true,
  stream: true,
  batchSize: true,
  batchSeed: true,
  passOrder: true,
  steps: true,
  evalEvery: true,
  evalAt: true,
  measures: true,
  columns: true,
  checkpointEvery: true,
  optimizer: true,
  schedule: true,
  lossPrecision: true,
  float64Steps: true,
  frozen: true,
};

/**
 * The whole plan: defaults filled in, examples and weights checked against the model.
 * @throws InputError, ShapeError or UnknownNameError for what does not fit.
 */
export function trainingPlan(options: PlanOptions): TrainingPlan {
  const where = "train";
  checkOptions<PlanOptions>(where, options, planNames);
  const { task: _task, params: _params, seed = 0, ...given } = options;
  checkSeed("seed", seed);
  const { steps, batchSize = "full", batchSeed = seed } = options;
  checkSeed("batchSeed", batchSeed);
  if (typeof batchSize === "string" && batchSize !== "full") {
    throw new InputError(`batchSize: must be a number or "full", got "${batchSize}"`);
  }
  checkFields(options);
  const { model, config, initial } = startOf(options, seed);
  const schedule = named(options.schedule ?? "constant") as ScheduleOptions;
  const optimizer = { lr: 1e-3, ...named(options.optimizer ?? "adamw") } as OptimizerOptions;
  optimizerOf(optimizer);
  scheduleOf(schedule);
  return {
    ...given,
    model,
    config,
    initial,
    split: splitOf(options, model, config, seed),
    batchSize: batchSize as TrainingPlan["batchSize"],
    batchSeed,
    evalEvery: options.evalEvery ?? Math.max(1, Math.ceil(steps / 100)),
    checkpointEvery: options.checkpointEvery ?? steps,
    ...(options.measures === undefined ? {} : { measures: measuresOf(options.measures) }),
    optimizer,
    schedule,
    frozen: options.frozen ?? [],
  } as TrainingPlan;
}

/** @throws InputError or UnknownNameError for fields that the compiler would refuse. */
function checkFields({
  task,
  params,
  frozen,
  columns,
  passOrder,
  lossPrecision,
}: PlanOptions): void {
  if (task === undefined && params !== undefined) {
    throw new InputError("train: params are those of a task, so leave them out or give the task");
  }
  if (frozen !== undefined && !Array.isArray(frozen)) {
    throw new InputError(`frozen: must be a list of weights, got ${shown(frozen)}`);
  }
  for (const [name, value] of Object.entries({ columns, passOrder })) {
    if (value === undefined || typeof value === "function") continue;
    throw new InputError(`${name}: must be a function, got ${shown(value)}`);
  }
  const precisions: readonly LossPrecision[] = ["float32", "float64"];
  if (lossPrecision === undefined || precisions.includes(lossPrecision)) return;
  throw new UnknownNameError("train", "lossPrecision", String(lossPrecision), precisions);
}

function checkSeed(name: string, seed: number): void {
  if (Number.isSafeInteger(seed)) return;
  throw new InputError(`${name}: must be a whole number, got ${seed}`);
}

function named<O extends object>(value: O | string): O | { readonly name: string } {
  return typeof value === "string" ? { name: value } : value;
}

/** The model, its configuration and the weights at step 0. */
function startOf(
  options: PlanOptions,
  seed: number,
): Pick<TrainingPlan, "model" | "config" | "initial"> {
  const { model: given, config: written, initial } = options;
  if (given === undefined || given === null || typeof given !== "object") {
    throw new InputError(`train: model must be a model such as hookedTransformer, got ${given}`);
  }
  if (given instanceof HookedModel) {
    if (written !== undefined || initial !== undefined) {
      throw new InputError(
        "train: this model has its configuration and weights, so leave out config and initial",
      );
    }
    const weights = Object.entries(given.weights).map(([name, x]) => [name, x.readSync()]);
    return { model: given.model, config: given.config, initial: Object.fromEntries(weights) };
  }
  const config = parseConfig(given.name, given.config, {
    ...sizesOf(options, given),
    ...object(written),
  });
  const weights = initial ?? given.init(config, new TorchGenerator(seed));
  checkWeights("train: initial", given.parameters(config), weights, given.tied?.(config));
  return { model: given, config, initial: weights };
}

function object(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

/** Sizes that a task asks of a model. */
function sizesOf({ task, params }: PlanOptions, model: Model<unknown>): object {
  if (task === undefined) return {};
  const { dVocab, dVocabOut, nCtx } = task.vocabulary(paramsOf(task, params));
  return { dVocab, dVocabOut, ...(model.context === undefined ? {} : { nCtx }) };
}

function paramsOf(task: Task<unknown>, params: unknown): unknown {
  return parseConfig(task.name, task.params, params ?? {});
}

function splitOf(
  { task, params, split }: PlanOptions,
  model: Model<unknown>,
  config: unknown,
  seed: number,
): Split {
  if ((task === undefined) === (split === undefined)) {
    const got = task === undefined ? "neither" : "both";
    throw new InputError(`train: needs a task or a split, { train, test } of examples, got ${got}`);
  }
  if (split !== undefined) checkOptions("train: split", split, { train: true, test: true });
  const drawn: SplitInput =
    task === undefined
      ? (split as SplitInput)
      : task.split(paramsOf(task, params), new TorchGenerator(seed));
  const sizes = exampleSizes(model, config);
  return {
    train: checkExamples("train: split.train", drawn.train, sizes),
    test: checkExamples("train: split.test", drawn.test, sizes),
  };
}

function measuresOf(given: MeasuresInput): Measures {
  checkOptions("measures", given, { train: true, test: true });
  for (const part of ["train", "test"] as const) {
    const value = given[part];
    if (part === "test" && typeof value === "object" && value !== null) {
      checkOptions("measures: test", value, { stream: true, count: true });
      if (Number.isInteger(value.count) && value.count > 0) continue;
      throw new InputError(
        `measures: test count must be a whole number of at least 1, got ${shown(value.count)}`,
      );
    }
    if (value === "split" || value === "batch") continue;
    throw new UnknownNameError("measures", part, String(value), ["split", "batch"]);
  }
  return given as Measures;
}
