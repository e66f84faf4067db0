/** One training step (forward, backward, optimizer) as one compiled function. */

import { type Tensor, tensor, valueAndGrad } from "../arrays/index.ts";
import { type Backend, compile, type Value } from "../compile/index.ts";
import { nd, type Spec, sizeOf, zerosOf } from "../core/nd.ts";
import { checkOptions } from "../core/options.ts";
import type { WeightArrays, Weights } from "../models/index.ts";
import type { Examples } from "../tasks/task.ts";
import { arraysOfExamples, type ExampleArrays, specsOfExamples } from "./examples.ts";
import { weightGroups } from "./frozen.ts";
import { logitsOfBatch, logitsOfConstant, sharedPositions } from "./logits.ts";
import { crossEntropy, differentiable, type LossPrecision } from "./loss.ts";
import { optimizerOf } from "./optim/index.ts";
import type { Optimizer, ScalarTensors } from "./optim/optimizer.ts";
import type { TrainingPlan } from "./plan.ts";
import { type Precision, precisionOf } from "./precision.ts";
import { learningRateFactor } from "./schedule.ts";
import { scoreDifferences } from "./score-differences.ts";
import { disposeState, type StateArrays, type TrainingState } from "./state.ts";

/** A compiled update of the weights. */
export interface TrainingStep {
  /** Threads the back end uses. */
  readonly threads: number;
  /**
   * Do update number `step` + 1 and free the old state. `loss` is the mean cross-entropy in nats
   * of the batch before the update, in the plan's precision: it tells a run that diverges; what is
   * logged is the evaluator's, in float64. `batch`: only for plans in mini-batches.
   */
  run(
    state: TrainingState,
    step: number,
    batch?: Examples,
  ): Promise<{ readonly state: TrainingState; readonly loss: Value }>;
  release(): Promise<void>;
}

/** How a training step is compiled. */
export interface StepOptions {
  /** By default chosen from the work of a step. */
  readonly threads?: number | undefined;
}

/** The state before the first update: the initial weights and moments of zero. */
export function initialState(plan: TrainingPlan): StateArrays {
  const { trained } = weightGroups(plan);
  const { optimizer, options } = optimizerOf(plan.optimizer);
  const zeros = (): WeightArrays =>
    mapValues(trained, ({ dtype, shape }) => ({
      dtype,
      shape,
      data: zerosOf(dtype, sizeOf(shape)),
    }));
  const moments = optimizer.moments(options).map((moment) => [moment, zeros()]);
  return { weights: trained, moments: Object.fromEntries(moments) };
}

/** Compile the step of `plan`. A full batch is part of the program; a mini-batch is an argument. */
export async function compileStep(
  plan: TrainingPlan,
  backend: Backend,
  stepOptions: StepOptions = {},
): Promise<TrainingStep> {
  checkOptions("compileStep", stepOptions, { threads: true });
  const { threads } = stepOptions;
  const { optimizer, options } = optimizerOf(plan.optimizer);
  const dtype = precisionOf(plan, backend);
  const precision = backend.float64 ? (plan.lossPrecision ?? "float32") : "float32";
  const fn = stepFunction(plan, precision, optimizer, options);
  const specs = stepSpecs(plan, dtype, optimizer, options);
  const compiled = await compile(fn, specs, {
    backend,
    ...(threads === undefined ? {} : { threads }),
  });
  return {
    threads: compiled.threads,
    async run(state, step, batch) {
      const lr = plan.optimizer.lr * learningRateFactor(plan.schedule, step, plan.steps);
      const scalars = mapValues(optimizer.scalars(options, step + 1, lr), (x) =>
        nd(dtype, [], [x]),
      );
      const out = await compiled.run(state, scalars, arraysOfExamples(batch));
      disposeState(state);
      return out as { state: TrainingState; loss: Value };
    },
    release: () => compiled.release(),
  };
}

type TensorState = { readonly weights: Weights; readonly moments: Record<string, Weights> };
type TensorBatch = Partial<ExampleArrays<Tensor>>;

function stepFunction<O>(
  plan: TrainingPlan,
  precision: LossPrecision,
  optimizer: Optimizer<O>,
  options: O,
): (
  state: TensorState,
  scalars: ScalarTensors,
  batch: TensorBatch,
) => { state: TensorState; loss: Tensor } {
  const { constant } = weightGroups(plan);
  return (state, scalars, { tokens, labels, places }) => {
    const fixed = mapValues(constant, (array) => tensor(array));
    const objective = (trained: Weights): [Tensor, Tensor] => {
      const weights = { ...trained, ...fixed };
      const scored = scoreDifferences(plan, weights, (narrow, rest) =>
        tokens === undefined || labels === undefined
          ? logitsOfConstant(narrow, rest, plan.split.train)
          : logitsOfBatch(narrow, rest, {
              ...sharedPositions(plan.split.train),
              tokens,
              labels,
              ...(places === undefined ? {} : { places }),
            }),
      );
      const { logits, labels: wanted, ...columns } = scored;
      return differentiable(logits, crossEntropy(logits, wanted, precision, columns));
    };
    const [[, loss], gradients] = valueAndGrad(objective, { hasAux: true })(state.weights);
    return { state: updateAll(optimizer, options, state, gradients, scalars), loss };
  };
}

function updateAll<O>(
  optimizer: Optimizer<O>,
  options: O,
  state: TensorState,
  gradients: Weights,
  scalars: ScalarTensors,
): TensorState {
  const names = optimizer.moments(options);
  const weights: Record<string, Tensor> = {};
  const moments = Object.fromEntries(names.map((name) => [name, {} as Record<string, Tensor>]));
  for (const [key, weight] of Object.entries(state.weights)) {
    const old = Object.fromEntries(
      names.map((name) => [name, (state.moments[name] as Weights)[key] as Tensor]),
    );
    const done = optimizer.update(options, weight, gradients[key] as Tensor, old, scalars);
    weights[key] = done.weight;
    for (const name of names) {
      (moments[name] as Record<string, Tensor>)[key] = done.moments[name] as Tensor;
    }
  }
  return { weights, moments };
}

type StepSpecs = [
  { weights: Record<string, Spec>; moments: Record<string, Record<string, Spec>> },
  Record<string, Spec>,
  Record<string, Spec>,
];

function stepSpecs<O>(
  plan: TrainingPlan,
  dtype: Precision,
  optimizer: Optimizer<O>,
  options: O,
): StepSpecs {
  const { weights, moments } = initialState(plan);
  const like = (arrays: WeightArrays): Record<string, Spec> =>
    mapValues(arrays, ({ dtype, shape }) => ({ dtype, shape }));
  const scalars = mapValues(optimizer.scalars(options, 1, 0), (): Spec => ({ dtype, shape: [] }));
  return [{ weights: like(weights), moments: mapValues(moments, like) }, scalars, batchSpecs(plan)];
}

function batchSpecs({ batchSize, split }: TrainingPlan): Record<string, Spec> {
  return batchSize === "full" ? {} : specsOfExamples(split.train, batchSize);
}

function mapValues<A, B>(
  record: { readonly [name: string]: A },
  f: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}
