/** Logits of a set of examples as rows "n d_vocab_out", one for each label. */

import { type Tensor, tensor } from "../arrays/index.ts";
import { tokenTable, type Weights } from "../models/index.ts";
import type { Examples } from "../tasks/task.ts";
import type { TrainingPlan } from "./plan.ts";

/** Rows of logits and the int32 labels "n" they are scored by. */
export interface Scored {
  readonly logits: Tensor;
  readonly labels: Tensor;
}

/** Whether only the last position has a label: labels are "n" and not "n pos". */
export function lastOnly(examples: Examples): boolean {
  return examples.labels.shape.length === 1;
}

/**
 * Logits of examples that are known when the function is compiled. Where only the last position
 * has a label, everything the last position does not need is left out (`Model.lastLogits`).
 */
export function scoreFixed(plan: TrainingPlan, weights: Weights, examples: Examples): Scored {
  const labels = tensor(examples.labels);
  if (lastOnly(examples)) {
    const table = tokenTable(examples.tokens);
    return { logits: plan.model.lastLogits(weights, plan.config, table), labels };
  }
  return scoreBatch(plan, weights, tensor(examples.tokens), labels);
}

/** Logits of examples that are arguments of the compiled function: int32 tokens "n pos". */
export function scoreBatch(
  plan: TrainingPlan,
  weights: Weights,
  tokens: Tensor,
  labels: Tensor,
): Scored {
  const all = plan.model.forward(weights, plan.config, tokens, (_name, x) => x);
  if (labels.ndim === 1) return { logits: all.at([], -1), labels };
  const vocabulary = all.shape[2] as number;
  return { logits: all.reshape([labels.size, vocabulary]), labels: labels.reshape([labels.size]) };
}
