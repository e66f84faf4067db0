import { totalmem } from "node:os";
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { sizeOf } from "../core/nd.ts";
import type { Study } from "../studies/study.ts";
import { batchesOf, due, type TrainingPlan } from "../train/index.ts";

/** The study's plan. Parameters that make no configuration of its model are an `InputError`. */
export function planOf<P, R>(study: Study<P, R>, params: P): TrainingPlan {
  try {
    return study.plan(params);
  } catch (error) {
    if (isOutOfMemory(error)) {
      throw new InputError(`${study.name}: the parameters ask for more memory than there is`);
    }
    if (!(error instanceof z.ZodError)) throw error;
    const { path, message } = error.issues[0] as z.core.$ZodIssue;
    throw new InputError(`${study.name}: the model's ${path.join(".")} is not valid: ${message}`);
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
  batchesOf(plan);
}

/** Bytes that every update takes: weights, gradient, two moments; tokens, logits, their gradient. */
function leastMemory(plan: TrainingPlan): number {
  const { model, config, batchSize, split, float64Steps = 0 } = plan;
  const [count = 0, length = 0] = split.train.tokens.shape;
  const parameters = model.parameters(config);
  const weights = parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const classes = parameters
    .flatMap(({ axes, shape }) => axes.split(" ").map((axis, i) => [axis, shape[i]] as const))
    .find(([axis]) => axis === "d_vocab_out")?.[1];
  const batch = batchSize === "full" ? count : batchSize;
  return (float64Steps > 0 ? 8 : 4) * (4 * weights + batch * (length + 2 * (classes ?? 0)));
}

function gigabytes(bytes: number): string {
  return (bytes / 2 ** 30).toPrecision(3);
}

/** What V8 throws when an array cannot be had. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof RangeError && /allocation failed|array length/i.test(error.message);
}
