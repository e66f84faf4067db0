/** From a task to a trained model in one call. */

import { type Backend, openBackend } from "../compile/index.ts";
import { checkOptions } from "../core/options.ts";
import { createModel, type HookedModel } from "../models/index.ts";
import { type TrainOptions, train } from "./loop.ts";
import type { MetricsRow } from "./metrics.ts";
import { type PlanOptions, trainingPlan } from "./plan-options.ts";
import { castWeights } from "./precision.ts";

/** A trained model and its log. */
export interface TrainedModel {
  // biome-ignore lint/suspicious/noExplicitAny: its kind is that of the plan's model
  readonly model: HookedModel<any>;
  /** Logged losses (nats) and accuracies, by step. */
  readonly rows: readonly MetricsRow[];
}

/** Options of `trainModel`. */
export interface TrainModelOptions extends Omit<TrainOptions, "from"> {
  /** Default: the first that works here. */
  readonly backend?: Backend;
  /** Told each logged row. */
  readonly onRow?: (row: MetricsRow) => void;
}

/**
 * Train as a plan says, of which `model`, `task` (or `split`) and `steps` are enough, and open the model
 * at its end. Throws like `train`.
 */
export async function trainModel(
  options: PlanOptions,
  training: TrainModelOptions = {},
): Promise<TrainedModel> {
  checkOptions("trainModel", training, {
    backend: true,
    onRow: true,
    stopped: true,
    onStep: true,
    threads: true,
  });
  const { backend, onRow, ...trainOptions } = training;
  const plan = trainingPlan(options);
  const rows: MetricsRow[] = [];
  let weights = plan.initial;
  for await (const event of train(plan, backend ?? (await openBackend()), trainOptions)) {
    if (event.kind === "metrics") {
      rows.push(event.row);
      onRow?.(event.row);
    } else if (event.kind === "checkpoint") weights = event.checkpoint.weights;
  }
  const { model, config } = plan;
  return {
    model: await createModel(model, config, { weights: castWeights(weights, "float32") }),
    rows,
  };
}
