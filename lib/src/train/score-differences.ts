/** Logits for a loss that only sees their differences, with one column of products fewer. */

import type { Weights } from "../models/index.ts";
import type { LogitsAndLabels } from "./logits.ts";
import type { LogitColumns } from "./loss.ts";
import type { TrainingPlan } from "./plan.ts";

/** Columns that the kernels of matrix products take at once: one more costs as much as sixteen. */
const kernelColumns = 16;

/**
 * `score(plan, weights)` up to a constant in each row of logits. Where the last logit alone would
 * begin another sixteen columns, the others are computed as differences to it, and it is left out.
 */
export function scoreDifferences(
  plan: TrainingPlan,
  weights: Weights,
  score: (plan: TrainingPlan, weights: Weights) => LogitsAndLabels,
): LogitsAndLabels & LogitColumns {
  const narrow = plan.model.logitDifferences?.(weights, plan.config);
  if (narrow === undefined || narrow.dVocabOut % kernelColumns !== 0) {
    return { ...score(plan, weights), zeroFollows: false };
  }
  const scored = score({ ...plan, config: narrow.config }, narrow.weights);
  return { ...scored, zeroFollows: true };
}
