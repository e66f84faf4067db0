/** Logits of a set of examples as rows "n d_vocab_out", one for each label. */

import { einsum, oneHot, type Tensor, take, tensor } from "../arrays/index.ts";
import { tokenTable, type Weights } from "../models/index.ts";
import type { Examples } from "../tasks/task.ts";
import type { TrainingPlan } from "./plan.ts";

/** Rows of logits and the int32 labels "n" they are scored by. */
export interface LogitsAndLabels {
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
export function logitsOfConstant(
  plan: TrainingPlan,
  weights: Weights,
  examples: Examples,
): LogitsAndLabels {
  const labels = tensor(examples.labels);
  if (lastOnly(examples)) {
    const table = tokenTable(examples.tokens);
    return { logits: plan.model.lastLogits(weights, plan.config, table), labels };
  }
  const { tokens, places } = examples;
  return logitsOfBatch(plan, weights, {
    tokens: tensor(tokens),
    labels,
    ...sharedPositions(examples),
    ...(places === undefined ? {} : { places: tensor(places) }),
  });
}

/** The positions that all examples share; nothing where each has its own. */
export function sharedPositions({ positions }: Examples): Pick<Examples, "positions"> {
  return positions === undefined ? {} : { positions };
}

/** Examples as arguments of a compiled function: int32 tokens "n pos", and their labels. */
export interface TensorExamples extends Pick<Examples, "positions"> {
  readonly tokens: Tensor;
  readonly labels: Tensor;
  readonly places?: Tensor;
}

/** Logits of examples that are arguments of the compiled function, at their labeled positions. */
export function logitsOfBatch(
  { model, config }: TrainingPlan,
  weights: Weights,
  { tokens, labels, positions, places }: TensorExamples,
): LogitsAndLabels {
  const [, length = 0] = tokens.shape;
  const asked = labels.ndim === 1 ? [length - 1] : positions;
  const whole = (): Tensor => model.forward(weights, config, tokens, (_name, x) => x);
  const logits =
    places !== undefined
      ? einsum("nal,nlv->nav", oneHot(places, length), whole())
      : asked === undefined
        ? whole()
        : (model.logitsAt?.(weights, config, tokens, asked) ?? take(whole(), [...asked], 1));
  const vocabulary = logits.shape[2] as number;
  return {
    logits: logits.reshape([labels.size, vocabulary]),
    labels: labels.reshape([labels.size]),
  };
}
