/** Losses and accuracies of the whole train and test sets, compiled. */

import { tensor } from "../arrays/index.ts";
import { type Backend, compile, type Value } from "../compile/index.ts";
import type { Spec } from "../core/nd.ts";
import type { Weights } from "../models/index.ts";
import type { Examples } from "../tasks/task.ts";
import { weightGroups } from "./frozen.ts";
import { scoreFixed } from "./logits.ts";
import { crossEntropy, hits } from "./loss.ts";
import type { MetricsRow } from "./metrics.ts";
import type { TrainingPlan } from "./plan.ts";
import type { StepOptions } from "./step.ts";

export interface Evaluator {
  /** Mean cross-entropies in nats and fractions right, with the trained weights given. */
  run(trained: { readonly [name: string]: Value }): Promise<Omit<MetricsRow, "step">>;
  release(): Promise<void>;
}

type Scores = {
  readonly [Part in "train" | "test"]: { readonly loss: Value; readonly hits: Value };
};

/** Compile the evaluation of `plan`: float64 losses where the back end has float64. */
export async function compileEvaluator(
  plan: TrainingPlan,
  backend: Backend,
  { threads }: StepOptions = {},
): Promise<Evaluator> {
  const { trained, constant } = weightGroups(plan);
  const { train, test } = plan.split;
  const precision = backend.float64 ? "float64" : "float32";
  const score = (weights: Weights, examples: Examples) => {
    const { logits, labels } = scoreFixed(plan, weights, examples);
    return { loss: crossEntropy(logits, labels, precision).loss, hits: hits(logits, labels) };
  };
  const specs: Record<string, Spec> = Object.fromEntries(
    Object.entries(trained).map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
  );
  const compiled = await compile(
    (weights: Weights) => {
      const fixed = Object.entries(constant).map(([name, array]) => [name, tensor(array)]);
      const every: Weights = { ...weights, ...Object.fromEntries(fixed) };
      return { train: score(every, train), test: score(every, test) };
    },
    [specs],
    { backend, ...(threads === undefined ? {} : { threads }) },
  );
  return {
    async run(weights) {
      const out = (await compiled.run(weights)) as Scores;
      const [trainLoss, trainHits, testLoss, testHits] = await Promise.all(
        [out.train.loss, out.train.hits, out.test.loss, out.test.hits].map(readScalar),
      );
      return {
        trainLoss: trainLoss as number,
        testLoss: testLoss as number,
        trainAccuracy: (trainHits as number) / train.labels.data.length,
        testAccuracy: (testHits as number) / test.labels.data.length,
      };
    },
    release: () => compiled.release(),
  };
}

/** Read a scalar and free it. */
export async function readScalar(value: Value): Promise<number> {
  const { data } = await value.read();
  value.dispose();
  return data[0] as number;
}
