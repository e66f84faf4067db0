/** Losses and accuracies of what a plan measures, compiled. */

import { argmax, type Tensor, tensor } from "../arrays/index.ts";
import { type Backend, compile, type Value } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { type NdArray, nd, type Spec } from "../core/nd.ts";
import { checkOptions } from "../core/options.ts";
import { printable, shown } from "../core/text.ts";
import type { WeightArrays, Weights } from "../models/index.ts";
import type { Examples } from "../tasks/task.ts";
import { arraysOfExamples, type ExampleArrays, specsOfExamples } from "./examples.ts";
import { weightGroups } from "./frozen.ts";
import {
  type LogitsAndLabels,
  logitsOfBatch,
  logitsOfConstant,
  sharedPositions,
} from "./logits.ts";
import { crossEntropy, crossEntropyEach, hits } from "./loss.ts";
import type { Measurements } from "./metrics.ts";
import type { Answers, TrainingPlan } from "./plan.ts";
import type { StepOptions } from "./step.ts";

/** The examples of each part that are new at this step, where the plan measures such. */
export interface NewExamples {
  readonly train?: Examples | undefined;
  readonly test?: Examples | undefined;
}

/** A compiled measurement of losses and accuracies. */
export interface Evaluator {
  /** Measure the model with the trained weights given. */
  run(trained: { readonly [name: string]: Value }, examples?: NewExamples): Promise<Measurements>;
  release(): Promise<void>;
}

/** Of one part: the mean loss and the number of hits, and each answer when the plan has columns. */
type Scores<T> = {
  readonly loss: T;
  readonly hits: T;
  readonly losses?: T;
  readonly predictions?: T;
};

type PartScores<T> = { readonly train: Scores<T>; readonly test?: Scores<T> };

type NewTensors = {
  readonly train?: ExampleArrays<Tensor>;
  readonly test?: ExampleArrays<Tensor>;
};

/** Compile the evaluation of `plan`: float64 losses where the back end has float64. */
export async function compileEvaluator(
  plan: TrainingPlan,
  backend: Backend,
  options: StepOptions = {},
): Promise<Evaluator> {
  checkOptions("compileEvaluator", options, { threads: true });
  const { threads } = options;
  const { trained } = weightGroups(plan);
  const compiled = await compile(
    evaluation(plan, backend.float64),
    [specsOfWeights(trained), specsOfNew(plan)],
    { backend, ...(threads === undefined ? {} : { threads }) },
  );
  return {
    async run(weights, { train, test } = {}) {
      const fresh = {
        ...(train === undefined ? {} : { train: arraysOfExamples(train) }),
        ...(test === undefined ? {} : { test: arraysOfExamples(test) }),
      };
      const out = (await compiled.run(weights, fresh)) as PartScores<Value>;
      const first = await readPart(out.train, train ?? plan.split.train);
      const second =
        out.test === undefined ? first : await readPart(out.test, test ?? plan.split.test);
      return measurements(plan, first, second);
    },
    release: () => compiled.release(),
  };
}

function evaluation(
  plan: TrainingPlan,
  float64: boolean,
): (trained: Weights, fresh: NewTensors) => PartScores<Tensor> {
  const { constant } = weightGroups(plan);
  return (trained, fresh) => {
    const fixed = Object.entries(constant).map(([name, array]) => [name, tensor(array)]);
    const weights: Weights = { ...trained, ...Object.fromEntries(fixed) };
    const score = (part: "train" | "test"): Scores<Tensor> => {
      const examples = plan.split[part];
      const drawn = fresh[part];
      const scored =
        drawn === undefined
          ? logitsOfConstant(plan, weights, examples)
          : logitsOfBatch(plan, weights, { ...sharedPositions(examples), ...drawn });
      return scoresOf(scored, float64, plan.columns !== undefined);
    };
    const train = score("train");
    return plan.measures?.test === "batch" ? { train } : { train, test: score("test") };
  };
}

function scoresOf(
  { logits, labels }: LogitsAndLabels,
  float64: boolean,
  each: boolean,
): Scores<Tensor> {
  const precision = float64 ? "float64" : "float32";
  const { loss } = crossEntropy(logits, labels, precision);
  const sums = { loss, hits: hits(logits, labels) };
  if (!each) return sums;
  const losses = crossEntropyEach(logits, labels, precision);
  return { ...sums, losses, predictions: argmax(logits, -1) };
}

interface PartNumbers {
  readonly loss: number;
  readonly accuracy: number;
  readonly answers: Answers | undefined;
}

async function readPart(scores: Scores<Value>, examples: Examples): Promise<PartNumbers> {
  const { shape, data } = examples.labels;
  const loss = await readScalar(scores.loss);
  const accuracy = (await readScalar(scores.hits)) / data.length;
  if (scores.losses === undefined || scores.predictions === undefined) {
    return { loss, accuracy, answers: undefined };
  }
  const losses = nd("float64", shape, (await readArray(scores.losses)).data);
  const predictions = nd("int32", shape, (await readArray(scores.predictions)).data);
  return { loss, accuracy, answers: { examples, losses, predictions } };
}

function measurements(
  { columns }: TrainingPlan,
  train: PartNumbers,
  test: PartNumbers,
): Measurements {
  const own = {
    trainLoss: train.loss,
    testLoss: test.loss,
    trainAccuracy: train.accuracy,
    testAccuracy: test.accuracy,
  };
  if (columns === undefined || train.answers === undefined || test.answers === undefined) {
    return own;
  }
  const further: unknown = columns(train.answers, test.answers);
  const wrong =
    typeof further === "object" && further !== null && !(further instanceof Promise)
      ? Object.entries(further).find(
          ([name, x]) => typeof x !== "number" || name === "step" || Object.hasOwn(own, name),
        )
      : ["result", further];
  if (wrong === undefined) return { ...own, ...(further as Measurements) };
  throw new InputError(
    `columns: must return numbers under names of their own, got ${shown(wrong[1])} for ${printable(String(wrong[0]))}`,
  );
}

function specsOfNew({ measures, batchSize, split }: TrainingPlan): {
  readonly train?: ExampleArrays<Spec>;
  readonly test?: ExampleArrays<Spec>;
} {
  if (measures?.train === "batch" && batchSize === "full") {
    throw new InputError('measures: train "batch" needs a batch size, got full');
  }
  if (measures?.test === "batch" && measures.train !== "batch") {
    throw new InputError('measures: test "batch" needs train "batch", got split');
  }
  return {
    ...(measures?.train === "batch"
      ? { train: specsOfExamples(split.train, batchSize as number) }
      : {}),
    ...(typeof measures?.test === "object"
      ? { test: specsOfExamples(split.test, measures.test.count) }
      : {}),
  };
}

function specsOfWeights(arrays: WeightArrays): Record<string, Spec> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
  );
}

/** Read a scalar and free it. */
export async function readScalar(value: Value): Promise<number> {
  const { data } = await readArray(value);
  return data[0] as number;
}

async function readArray(value: Value): Promise<NdArray> {
  const array = await value.read();
  value.dispose();
  return array;
}
