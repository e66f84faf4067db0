/** The training loop: updates, logged losses, checkpoints, a clean stop. */

import type { Backend, Value } from "../compile/index.ts";
import type { NdArray } from "../core/nd.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import type { Examples } from "../tasks/task.ts";
import { type BatchSource, type BatchState, batchesOf, Draws, drawCheck } from "./batches.ts";
import { type Checkpoint, stateOf } from "./checkpoint.ts";
import { due } from "./due.ts";
import { TrainingError } from "./errors.ts";
import { compileEvaluator, type Evaluator, readScalar } from "./evaluate.ts";
import type { MetricsRow } from "./metrics.ts";
import type { TrainingPlan } from "./plan.ts";
import { type PlanOptions, trainingPlan } from "./plan-options.ts";
import { castCheckpoint, phasesAfter, withPrecision } from "./precision.ts";
import { disposeState, downloadState, type TrainingState, uploadState } from "./state.ts";
import { compileStep, initialState, type StepOptions, type TrainingStep } from "./step.ts";

/** What happens while training. At each step the row comes before the checkpoint. */
export type TrainEvent =
  | { readonly kind: "ready"; readonly threads: number }
  | { readonly kind: "metrics"; readonly row: MetricsRow }
  | {
      readonly kind: "checkpoint";
      readonly checkpoint: Checkpoint;
      /** False for the one written because training was asked to stop. */
      readonly scheduled: boolean;
    };

/** Where training starts and when it stops. */
export interface TrainOptions extends StepOptions {
  /** Go on from here; the row of its step is not logged again. */
  readonly from?: Checkpoint | undefined;
  /** Asked after every update; true ends training with a checkpoint. */
  readonly stopped?: () => boolean;
  /** Told the number of updates done after each. */
  readonly onStep?: (step: number) => void;
}

const trainNames: OptionNames<TrainOptions> = {
  threads: true,
  from: true,
  stopped: true,
  onStep: true,
};

/** Losses are checked at least every so many updates. */
const checkEvery = 100;
/** Timers and signals get a turn at least this often, in ms. */
const yieldEveryMs = 200;

/**
 * Train as a plan says, of which `model`, `task` (or `split`) and `steps` are enough. Returns whether all steps were done (false: stopped). The same plan on the
 * same back end gives the same rows and checkpoints, whether or not it stopped and went on.
 * Throws `InputError` for a plan that does not fit together (see `trainingPlan`), and `TrainingError` naming the step when the loss is no longer finite.
 */
export async function* train(
  options: PlanOptions,
  backend: Backend,
  trainOptions: TrainOptions = {},
): AsyncGenerator<TrainEvent, boolean> {
  checkOptions("train", trainOptions, trainNames);
  const plan = trainingPlan(options);
  due(plan);
  let { from } = trainOptions;
  const phases = phasesAfter(plan, from?.step ?? 0);
  for (const [i, { precision, until }] of phases.entries()) {
    const start = from === undefined ? undefined : castCheckpoint(from, precision);
    const part = { ...trainOptions, from: start, until };
    const events = trainPhase(withPrecision(plan, precision), backend, part);
    for (;;) {
      const event = await events.next();
      if (event.done) {
        from = event.value;
        break;
      }
      if (event.value.kind !== "ready" || i === 0) yield event.value;
    }
    if (from === undefined) return false;
  }
  return true;
}

interface PhaseOptions extends TrainOptions {
  /** Number of the phase's last update. */
  readonly until: number;
}

/** Train in the precision of the plan's weights; returns where it ended, or undefined when stopped. */
async function* trainPhase(
  plan: TrainingPlan,
  backend: Backend,
  options: PhaseOptions,
): AsyncGenerator<TrainEvent, Checkpoint | undefined> {
  const batches = batchesOf(plan);
  const { threads } = options;
  const evaluator = await compileEvaluator(plan, backend, { threads });
  const stepper = await compileStep(plan, backend, { threads });
  const run = new Run(plan, backend, options, { stepper, evaluator, batches });
  try {
    yield { kind: "ready", threads: stepper.threads };
    return (yield* run.events()) ? await run.checkpoint() : undefined;
  } finally {
    run.dispose();
    await stepper.release();
    await evaluator.release();
  }
}

/** What a run works with. */
interface Parts {
  readonly stepper: TrainingStep;
  readonly evaluator: Evaluator;
  readonly batches: BatchSource | undefined;
}

/** One training run in progress. */
class Run {
  private readonly plan: TrainingPlan;
  private readonly options: PhaseOptions;
  private readonly stepper: TrainingStep;
  private readonly evaluator: Evaluator;
  private readonly batches: BatchSource | undefined;
  private readonly testDraws: Draws | undefined;
  /** The next mini-batch, once it was looked at, and where the batches stood before it. */
  private pending: { readonly batch: Examples; readonly before: BatchState } | undefined;
  private state: TrainingState;
  private step: number;
  /** Losses not read yet; the last is that of `step` - 1. */
  private losses: Value[] = [];
  private lastYield: number = performance.now();

  constructor(
    plan: TrainingPlan,
    backend: Backend,
    options: PhaseOptions,
    { stepper, evaluator, batches }: Parts,
  ) {
    const { from } = options;
    this.plan = plan;
    this.options = options;
    this.stepper = stepper;
    this.evaluator = evaluator;
    this.batches = batches;
    this.step = from?.step ?? 0;
    this.state = uploadState(
      backend,
      from === undefined ? initialState(plan) : stateOf(plan, from),
    );
    const test = plan.measures?.test;
    this.testDraws =
      typeof test === "object"
        ? new Draws(test.stream, test.count, drawCheck(plan, "test"))
        : undefined;
    if (from?.batches !== undefined) this.batches?.restore(from.batches);
  }

  async *events(): AsyncGenerator<TrainEvent, boolean> {
    const { plan, options } = this;
    const { logs, saves } = due(plan);
    if (options.from === undefined) {
      yield { kind: "metrics", row: await this.evaluate() };
      yield await this.save(true);
    }
    while (this.step < options.until) {
      await this.update();
      const stopping = options.stopped?.() === true;
      const logged = logs(this.step);
      const saved = saves(this.step);
      if (logged || saved || stopping || this.losses.length >= checkEvery) await this.checkLosses();
      if (logged) yield { kind: "metrics", row: await this.evaluate() };
      if (saved || stopping) yield await this.save(saved);
      if (stopping && this.step < plan.steps) return false;
    }
    return true;
  }

  dispose(): void {
    disposeState(this.state);
    for (const loss of this.losses.splice(0)) loss.dispose();
  }

  private async update(): Promise<void> {
    const done = await this.stepper.run(this.state, this.step, this.takeBatch());
    this.state = done.state;
    this.losses.push(done.loss);
    this.step += 1;
    this.options.onStep?.(this.step);
    if (performance.now() - this.lastYield > yieldEveryMs) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.lastYield = performance.now();
    }
  }

  /** Find the first update since the last check that began with a loss that is not finite. */
  private async checkLosses(): Promise<void> {
    const first = this.step - this.losses.length;
    for (const [i, value] of this.losses.splice(0).entries()) {
      this.requireFinite(await readScalar(value), first + i);
    }
  }

  private async evaluate(): Promise<MetricsRow> {
    const row = await this.evaluator.run(this.state.weights, {
      train: this.plan.measures?.train === "batch" ? this.peekBatch() : undefined,
      test: this.testDraws?.at(this.step),
    });
    this.requireFinite(row.trainLoss, this.step);
    return { step: this.step, ...row };
  }

  private peekBatch(): Examples | undefined {
    if (this.pending === undefined && this.batches !== undefined) {
      const before = this.batches.state();
      this.pending = { batch: this.batches.next(), before };
    }
    return this.pending?.batch;
  }

  private takeBatch(): Examples | undefined {
    const batch = this.pending?.batch ?? this.batches?.next();
    this.pending = undefined;
    return batch;
  }

  /** All that training needs to go on from here. */
  async checkpoint(): Promise<Checkpoint> {
    const { weights, moments } = await downloadState(this.state);
    if (!Object.values(weights).every(hasOnlyNumbers)) this.requireFinite(Number.NaN, this.step);
    return {
      step: this.step,
      weights: { ...this.plan.initial, ...weights },
      moments,
      batches: this.pending?.before ?? this.batches?.state(),
    };
  }

  private async save(scheduled: boolean): Promise<TrainEvent> {
    return { kind: "checkpoint", checkpoint: await this.checkpoint(), scheduled };
  }

  private requireFinite(loss: number, step: number): void {
    if (Number.isFinite(loss)) return;
    const { lr } = this.plan.optimizer;
    throw new TrainingError(
      `train: the loss is ${loss} at step ${step}; try a learning rate below ${lr}`,
      step,
    );
  }
}

function hasOnlyNumbers({ data }: NdArray): boolean {
  return data.every((x) => Number.isFinite(x));
}
