import { dims } from "../../core/dims.ts";
import { InputError, ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";

/**
 * Mean cross-entropy in nats, in float64, of logits "batch d_vocab_out" and one label per row,
 * over all rows or over `rows` alone.
 */
export function crossEntropy(
  logits: NdArray,
  labels: ArrayLike<number>,
  rows?: ArrayLike<number>,
): number {
  const { batch, d_vocab_out: width } = checkLabels("crossEntropy", logits, labels);
  const which = rows ?? range(batch);
  let sum = 0;
  for (let i = 0; i < which.length; i++) {
    const row = checkRow("crossEntropy", which[i] as number, batch);
    sum += rowLoss(logits.data, row * width, width, labels[row] as number);
  }
  return mean("crossEntropy", sum, which.length);
}

/**
 * Share of rows of logits "batch d_vocab_out" whose largest entry is the label, over all rows or
 * over `rows` alone. Of equal entries the first counts as the largest.
 */
export function accuracy(
  logits: NdArray,
  labels: ArrayLike<number>,
  rows?: ArrayLike<number>,
): number {
  const { batch, d_vocab_out: width } = checkLabels("accuracy", logits, labels);
  const which = rows ?? range(batch);
  let right = 0;
  for (let i = 0; i < which.length; i++) {
    const row = checkRow("accuracy", which[i] as number, batch);
    if (largestAt(logits.data, row * width, width) === labels[row]) right += 1;
  }
  return mean("accuracy", right, which.length);
}

/**
 * Cross-entropy in nats of the `width` logits from `start` on, and the label. Every logit is taken
 * relative to the largest and the others enter through log1p, so that losses far below the spacing
 * of float64 numbers near 1 keep their digits.
 */
export function rowLoss(
  logits: ArrayLike<number>,
  start: number,
  width: number,
  label: number,
): number {
  const top = largestAt(logits, start, width);
  const largest = logits[start + top] as number;
  let others = 0;
  for (let j = 0; j < width; j++) {
    if (j !== top) others += Math.exp((logits[start + j] as number) - largest);
  }
  return largest - (logits[start + label] as number) + Math.log1p(others);
}

function largestAt(values: ArrayLike<number>, start: number, width: number): number {
  let top = 0;
  for (let j = 1; j < width; j++) {
    if ((values[start + j] as number) > (values[start + top] as number)) top = j;
  }
  return top;
}

function checkLabels(
  where: string,
  logits: NdArray,
  labels: ArrayLike<number>,
): { batch: number; d_vocab_out: number } {
  const { batch, d_vocab_out } = dims(`${where} logits`, logits, "batch d_vocab_out");
  if (labels.length !== batch) throw new ShapeError(`${where} labels`, [batch], [labels.length]);
  for (let i = 0; i < batch; i++) {
    const label = labels[i] as number;
    if (!Number.isInteger(label) || label < 0 || label >= d_vocab_out) {
      throw new InputError(
        `${where}: a label is an integer from 0 to ${d_vocab_out - 1}, got ${label} in row ${i}`,
      );
    }
  }
  return { batch, d_vocab_out };
}

function checkRow(where: string, row: number, batch: number): number {
  if (!Number.isInteger(row) || row < 0 || row >= batch) {
    throw new InputError(`${where}: a row is an integer from 0 to ${batch - 1}, got ${row}`);
  }
  return row;
}

function mean(where: string, sum: number, count: number): number {
  if (count === 0) throw new InputError(`${where}: needs at least one row, got none`);
  return sum / count;
}

function range(length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => i);
}
