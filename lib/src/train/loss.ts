/** Cross-entropy with its gradient by formula, so that float64 sits between float32 logits and weights. */

import {
  argmax,
  clip,
  exp,
  full,
  log,
  log1p,
  maximum,
  minimum,
  oneHot,
  stopGradient,
  type Tensor,
  takeAlongAxis,
  where,
} from "../arrays/index.ts";
import { isReadable } from "../arrays/internal.ts";
import { checkIndices } from "../core/indices.ts";
import { checkOptions } from "../core/options.ts";

/** `float64` for losses that are logged; `float32` for gradients, which end in float32 either way. */
export type LossPrecision = "float64" | "float32";

/** The loss with its derivative by the logits. */
export interface CrossEntropy {
  /** Scalar: mean over the examples, in nats. */
  readonly loss: Tensor;
  /** Shape and dtype of the logits: the derivative of `loss` by each of them. */
  readonly dlogits: Tensor;
}

/** How the columns of logits are to be read. */
export interface LogitColumns {
  /** One more logit follows in each row, is 0 and is left out (`Model.logitDifferences`). */
  readonly zeroFollows: boolean;
}

const allThere: LogitColumns = { zeroFollows: false };

/**
 * Mean cross-entropy of logits "n d_vocab_out" and int32 labels "n", and its gradient
 * (softmax - one-hot) / n. In float64: log-sum-exp of the logits less their maximum. In float32:
 * the label's own term is left out of the sum and comes back through log1p, which is as exact for
 * tiny losses.
 * @throws InputError for labels out of range; in a compiled function the loss is then NaN.
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  precision: LossPrecision,
  columns: LogitColumns = allThere,
): CrossEntropy {
  checkOptions("crossEntropy", columns, { zeroFollows: true });
  const fixed = stopGradient(logits);
  const wide = precision === "float64" || logits.dtype === "float64";
  const { known, inside } = bounded(labels, fixed, columns);
  const { loss, dlogits } = (wide ? inFloat64 : inFloat32)(fixed, inside, columns);
  return { loss: known ? loss : where(inside.notEqual(labels).sum(), Number.NaN, loss), dlogits };
}

/**
 * Labels inside of the classes. Those that are constants are checked; the others cannot be, and where
 * one lies outside when the compiled function runs, the loss is NaN.
 */
function bounded(
  labels: Tensor,
  logits: Tensor,
  { zeroFollows }: LogitColumns,
): { readonly known: boolean; readonly inside: Tensor } {
  const classes = (logits.shape.at(-1) as number) + (zeroFollows ? 1 : 0);
  if (!isReadable(labels)) return { known: false, inside: clip(labels, 0, classes - 1) };
  checkIndices("crossEntropy", "labels", labels.readSync(), classes);
  return { known: true, inside: labels };
}

/** Cross-entropy of each example, "n", in nats; `precision` as in `crossEntropy`. */
export function crossEntropyEach(
  logits: Tensor,
  labels: Tensor,
  precision: LossPrecision = "float64",
): Tensor {
  const { known, inside } = bounded(labels, logits, allThere);
  const each = eachOf(logits, inside, precision);
  return known ? each : where(inside.equal(labels), each, Number.NaN);
}

function eachOf(logits: Tensor, labels: Tensor, precision: LossPrecision): Tensor {
  if (precision === "float32") {
    return partsInFloat32(stopGradient(logits), labels, allThere).each.reshape([rows(logits)]);
  }
  const { total, label } = exponentials(stopGradient(logits).astype("float64"), labels, allThere);
  return log(total)
    .sub(label)
    .reshape([rows(logits)]);
}

/**
 * A function whose gradient by the weights behind `logits` is that of the cross-entropy, with the
 * cross-entropy itself as the second value: what `valueAndGrad(..., { hasAux: true })` takes.
 */
export function differentiable(logits: Tensor, { dlogits, loss }: CrossEntropy): [Tensor, Tensor] {
  return [stopGradient(dlogits).mul(logits).sum(), loss];
}

/** Number of rows whose largest logit is the label's; a tie goes to the first. Scalar, float32. */
export function hits(logits: Tensor, labels: Tensor): Tensor {
  return argmax(stopGradient(logits), -1).equal(labels).astype("float32").sum();
}

function inFloat64(logits: Tensor, labels: Tensor, given: LogitColumns): CrossEntropy {
  const n = rows(logits);
  const { terms, total, label } = exponentials(logits.astype("float64"), labels, given);
  const target = oneHot(labels, columns(logits)).astype("float64");
  const dlogits = terms
    .div(total)
    .sub(target)
    .mul(1 / n);
  return { loss: log(total).sub(label).mean(), dlogits: dlogits.astype(logits.dtype) };
}

function inFloat32(logits: Tensor, labels: Tensor, given: LogitColumns): CrossEntropy {
  const { each, target, rest, others, total } = partsInFloat32(logits, labels, given);
  const dlogits = rest.sub(target.mul(others)).div(total.mul(rows(logits)));
  return { loss: each.mean(), dlogits };
}

/** The losses "n 1" and what they are made of: exponentials, without and with that of the label. */
function partsInFloat32(
  logits: Tensor,
  labels: Tensor,
  given: LogitColumns,
): Readonly<Record<Part32, Tensor>> {
  const target = oneHot(labels, columns(logits));
  const { shifted, label, follower } = shift(logits, labels, given);
  const rest = exp(shifted).mul(full([], 1).sub(target));
  const shown = rest.sum(-1, { keepdims: true });
  const others =
    follower === null ? shown : shown.add(where(isFollower(logits, labels), 0, exp(follower)));
  const total = others.add(exp(label));
  const each = where(label.equal(0), log1p(others), log(total).sub(label));
  return { each, target, rest, others, total };
}

type Part32 = "each" | "target" | "rest" | "others" | "total";

/** Exponentials of the logits less their row maximum, the row sums "n 1", and the label's logit. */
function exponentials(
  logits: Tensor,
  labels: Tensor,
  given: LogitColumns,
): { terms: Tensor; total: Tensor; label: Tensor } {
  const { shifted, label, follower } = shift(logits, labels, given);
  const terms = exp(shifted);
  const shown = terms.sum(-1, { keepdims: true });
  return { terms, total: follower === null ? shown : shown.add(exp(follower)), label };
}

/** Logits less the maximum of their row; "n 1": those of the labels, and of the 0 that follows. */
function shift(
  logits: Tensor,
  labels: Tensor,
  { zeroFollows }: LogitColumns,
): { shifted: Tensor; label: Tensor; follower: Tensor | null } {
  const largest = logits.max(-1, { keepdims: true });
  if (!zeroFollows) {
    const shifted = logits.sub(largest);
    return { shifted, label: pick(shifted, labels), follower: null };
  }
  const top = maximum(largest, 0);
  const shifted = logits.sub(top);
  const follower = top.neg();
  const shown = pick(shifted, minimum(labels, columns(logits) - 1));
  return { shifted, label: where(isFollower(logits, labels), follower, shown), follower };
}

/** Whether the label, "n 1", is the one that follows the columns. */
function isFollower(logits: Tensor, labels: Tensor): Tensor {
  return labels.reshape([rows(logits), 1]).equal(columns(logits));
}

function pick(values: Tensor, labels: Tensor): Tensor {
  return takeAlongAxis(values, labels.reshape([rows(values), 1]), -1);
}

function rows(logits: Tensor): number {
  return logits.shape[0] as number;
}

function columns(logits: Tensor): number {
  return logits.shape[1] as number;
}
