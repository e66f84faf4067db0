/** Whether what a study plans can be trained at all, told before anything is made. */

import { totalmem } from "node:os";
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { sizeOf } from "../core/nd.ts";
import type { AnyPlan, PlanSize, Study } from "../lab/index.ts";
import { batchesOf, due, type TrainingPlan } from "../train/index.ts";

/** Plans by name; `model` is the study's own. */
export type Plans = Readonly<Record<string, AnyPlan>>;

/** The plans of a study. Throws `InputError` for those that cannot be trained. */
export function checkedPlans(study: Study, params: unknown): Plans {
  const plans = withoutModelErrors(study.name, () => {
    checkSize(study.name, study.size(params));
    return study.plans(params);
  });
  for (const plan of Object.values(plans)) checkPlan(study.name, plan);
  return plans;
}

/** What `make` gives. Parameters that make no configuration of a model are an `InputError`. */
function withoutModelErrors<T>(where: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const { path, message } = error.issues[0] as z.core.$ZodIssue;
    throw new InputError(`${where}: the model's ${path.join(".")} is not valid: ${message}`);
  }
}

/** Transformers with more weights are not tiny; to make the first ones would take minutes. */
const maxWeights = 20_000_000;
/** Likewise for the tokens of all examples. */
const maxTokens = 10_000_000;

/** Throws `InputError` for a plan that would be too large to make in seconds. */
export function checkSize(where: string, { weights, tokens }: PlanSize): void {
  const rules = [
    ["weights", weights, maxWeights, "choose a narrower model"],
    ["tokens of examples", tokens, maxTokens, "choose fewer or shorter examples"],
  ] as const;
  for (const [what, asked, most, advice] of rules) {
    if (asked <= most) continue;
    throw new InputError(
      `${where}: the parameters ask for ${shortNumber(asked)} ${what}, at most ${shortNumber(most)} are possible; ${advice}`,
    );
  }
}

function shortNumber(count: number): string {
  return count < 1e15 ? count.toLocaleString("en-US") : count.toPrecision(3);
}

/** Fewest examples from which anything can be learned, or measured. */
const fewestExamples = 10;

/** Throws `InputError` for a split with hardly any examples to train or to test on. */
function checkExamples(where: string, { split, stream, measures }: TrainingPlan): void {
  const counts = [
    ["train", stream === undefined, split.train],
    ["test", measures === undefined || measures.test === "split", split.test],
  ] as const;
  for (const [part, isUsed, { tokens }] of counts) {
    const count = tokens.shape[0] ?? 0;
    if (!isUsed || count >= fewestExamples) continue;
    throw new InputError(
      `${where}: the parameters leave ${count} examples to ${part} on, at least ${fewestExamples} are needed; choose a larger task or another share`,
    );
  }
}

/**
 * Throws `InputError` for a plan that cannot be trained: batches larger than the training set, steps
 * that are none, or more than `memory` bytes (default: this machine's).
 */
export function checkPlan(where: string, plan: TrainingPlan, memory: number = totalmem()): void {
  const needed = leastMemory(plan);
  if (needed > memory) {
    throw new InputError(
      `${where}: an update takes at least ${gigabytes(needed)} GB of memory, this machine has ${gigabytes(memory)}; choose a smaller batch or model`,
    );
  }
  due(plan);
  checkExamples(where, plan);
  batchesOf(plan);
}

/**
 * Bytes that every update takes at least: weights, gradient, two moments; tokens; logits and the
 * widest layer at each labeled position, with their gradients.
 */
function leastMemory(plan: TrainingPlan): number {
  const { model, config, batchSize, split, float64Steps = 0 } = plan;
  const [count = 0, length = 0] = split.train.tokens.shape;
  const parameters = model.parameters(config);
  const weights = parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const classes = parameters
    .flatMap(({ axes, shape }) => axes.split(" ").map((axis, i) => [axis, shape[i]] as const))
    .find(([axis]) => axis === "d_vocab_out")?.[1];
  const batch = batchSize === "full" ? count : batchSize;
  const widest = Math.max(0, ...parameters.flatMap(({ axes, shape }) => hiddenSizes(axes, shape)));
  const places = count === 0 ? 0 : sizeOf(split.train.labels.shape) / count;
  const perExample = length + 2 * places * ((classes ?? 0) + widest);
  return (float64Steps > 0 ? 8 : 4) * (4 * weights + batch * perExample);
}

/** Sizes of the axes of a weight that are widths of hidden layers. */
function hiddenSizes(axes: string, shape: readonly number[]): number[] {
  return axes
    .split(" ")
    .flatMap((axis, i) => (/^d_(model|mlp)$/.test(axis) ? (shape[i] ?? 0) : []));
}

function gigabytes(bytes: number): string {
  return (bytes / 2 ** 30).toPrecision(3);
}
