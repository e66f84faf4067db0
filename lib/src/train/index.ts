/** Training: plans, optimizers, losses, the loop, checkpoints. */

import "../core/runtime.ts";

export {
  Batches,
  type BatchSource,
  type BatchState,
  batchesOf,
  Draws,
  FreshBatches,
} from "./batches.ts";
export {
  type Checkpoint,
  checkpointFormat,
  checkpointFromArrays,
  checkpointToArrays,
  type NamedArrays,
} from "./checkpoint.ts";
export { dataLoaderOrder } from "./data-loader.ts";
export { type Due, due } from "./due.ts";
export { TrainingError } from "./errors.ts";
export { compileEvaluator, type Evaluator } from "./evaluate.ts";
export type { ExamplesInput } from "./examples-check.ts";
export { type TrainEvent, type TrainOptions, train } from "./loop.ts";
export {
  type CrossEntropy,
  crossEntropy,
  crossEntropyEach,
  differentiable,
  hits,
  type LogitColumns,
  type LossPrecision,
} from "./loss.ts";
export type { Measurements, MetricsRow } from "./metrics.ts";
export {
  type AdamOptions,
  type AdamWOptions,
  adam,
  adamw,
  type Optimizer,
  optimizerOf,
  type SgdOptions,
  sgd,
} from "./optim/index.ts";
export type {
  Answers,
  ExampleStream,
  Measures,
  OptimizerOptions,
  ScheduleOptions,
  TrainingPlan,
} from "./plan.ts";
export {
  type MeasuresInput,
  type NameOf,
  type OptimizerInput,
  type PlanOptions,
  type ScheduleInput,
  type SplitInput,
  trainingPlan,
} from "./plan-options.ts";
export { castWeights, type Precision } from "./precision.ts";
export { learningRateFactor } from "./schedule.ts";
export { disposeState, type StateArrays, type TrainingState, uploadState } from "./state.ts";
export { compileStep, initialState, type StepOptions, type TrainingStep } from "./step.ts";
export { type TrainedModel, type TrainModelOptions, trainModel } from "./train-model.ts";
