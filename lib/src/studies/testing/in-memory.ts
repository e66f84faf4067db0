/** Train and analyse a study in memory, for tests: no run folder. */

import type { Backend } from "../../compile/index.ts";
import type { WeightArrays } from "../../models/index.ts";
import { castWeights, type MetricsRow, type TrainingPlan, train } from "../../train/index.ts";
import type { Study, TrainedRun } from "../study.ts";

/** Train a plan to its end and keep every checkpoint. */
export async function trained(
  plan: TrainingPlan,
  backend: Backend,
  companions: Readonly<Record<string, TrainedRun>> = {},
): Promise<TrainedRun> {
  const metrics: MetricsRow[] = [];
  const checkpoints = new Map<number, WeightArrays>();
  for await (const event of train(plan, backend)) {
    if (event.kind === "metrics") metrics.push(event.row);
    if (event.kind === "checkpoint") {
      checkpoints.set(event.checkpoint.step, castWeights(event.checkpoint.weights, "float32"));
    }
  }
  return {
    metrics,
    checkpointSteps: [...checkpoints.keys()],
    weights: async (step) => checkpoints.get(step) as WeightArrays,
    companions,
  };
}

/** The results of a study, with its companions, from parameters to numbers. */
export async function resultsOf<P, R>(
  study: Study<P, R>,
  params: P,
  backend: Backend,
  published: (name: string) => Promise<Uint8Array | undefined> = async () => undefined,
): Promise<R> {
  const companions: Record<string, TrainedRun> = {};
  for (const [name, plan] of Object.entries(study.companions?.(params) ?? {})) {
    companions[name] = await trained(plan, backend);
  }
  const run = await trained(study.plan(params), backend, companions);
  return study.analyse(params, run, { backend, published, progress: () => {} });
}
