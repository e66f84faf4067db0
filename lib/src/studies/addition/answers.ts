/** Answers judged as the notebook sorts them: losses and hits, by digit and by what the digit needs. */

import { argmax, scope, tensor } from "../../arrays/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { crossEntropyPerLabel } from "../../models/index.ts";
import {
  casesOfDigits,
  casesOfQuestions,
  type DigitCase,
  digitCases,
  longestCascades,
  perQuestion,
  sumColumns,
} from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import type { Answers } from "../../train/index.ts";
/** When the text of this module changes, everything is measured again. */
export const measurements = import.meta.url;

/** The digits of the sum as they are written: "A5" (the leading carry) … "A0" (units). */
export function digitNames(digits: number): string[] {
  return Array.from({ length: digits + 1 }, (_, i) => `A${digits - i}`);
}

/**
 * Columns of a row of metrics; mean losses in nats, absent where the batch has no such case.
 *
 * `A5` … `A0`: each digit of the sum. `BaseAdd.A0`, `UseCarry1.A1`, …: a digit, where it is of the
 * case. `BaseAdd.all`: the digits below the leading one, of questions without any carry.
 * `UseCarry1.any`: all digits of questions with carries, none through a nine. `UseSum9.one`,
 * `UseSum9.two`: all digits of questions with one or two carried nines. `cases.BaseAdd`, …: number
 * of digits of each case; `answers`: share of questions with every digit right.
 */
export function lossColumns({ examples, losses, predictions }: Answers): Record<string, number> {
  const columns = sumColumns(examples);
  const { count, digits } = columns;
  const width = digits + 1;
  const names = digitNames(digits);
  const cases = casesOfDigits(columns);
  const kinds = casesOfQuestions(columns);
  const nines = perQuestion(columns, columns.useSum9);
  const rows = Array.from({ length: count }, (_, row) => row);
  const out: Record<string, number> = {};
  const add = (name: string, picked: readonly number[]): void => {
    if (picked.length === 0) return;
    out[name] = picked.reduce((sum, i) => sum + (losses.data[i] as number), 0) / picked.length;
  };
  const answer = (row: number): number[] => names.map((_, i) => row * width + i);
  for (const [i, name] of names.entries())
    add(
      name,
      rows.map((row) => row * width + i),
    );
  for (const one of digitCases) {
    for (let column = 0; column < digits; column++) {
      const own = rows.filter((row) => cases[row * digits + column] === one);
      add(
        `${one}.${names[column + 1]}`,
        own.map((row) => row * width + column + 1),
      );
    }
    out[`cases.${one}`] = cases.filter((other) => other === one).length;
  }
  const questions = (name: string, keep: (row: number) => boolean, from = 0): void =>
    add(
      name,
      rows.filter(keep).flatMap((row) => answer(row).slice(from)),
    );
  questions("BaseAdd.all", (row) => kinds[row] === "BaseAdd", 1);
  questions("UseCarry1.any", (row) => kinds[row] === "UseCarry1");
  questions("UseSum9.one", (row) => nines[row] === 1);
  questions("UseSum9.two", (row) => nines[row] === 2);
  const right = (i: number): boolean => predictions.data[i] === examples.labels.data[i];
  out.answers = rows.filter((row) => answer(row).every(right)).length / count;
  return out;
}

/** Losses and predictions from logits "batch digit d_vocab_out". */
export function answersFrom(examples: Examples, logits: NdArray): Answers {
  using _ = scope();
  const wide = tensor(logits).astype("float64");
  const losses = crossEntropyPerLabel(wide, tensor(examples.labels)).readSync();
  return { examples, losses, predictions: argmax(wide, -1).readSync() };
}

/** Of `count` answers, those that are right. */
export interface Hits {
  readonly count: number;
  readonly right: number;
}

/** Answers counted: whole ones, single digits, and by what they need. */
export function scoresOf(given: Answers) {
  const { examples, losses, predictions } = given;
  const columns = sumColumns(examples);
  const { count, digits } = columns;
  const [width, names, means] = [digits + 1, digitNames(digits), lossColumns(given)];
  const right = Array.from(predictions.data, (p, i) => p === examples.labels.data[i]);
  const rows = Array.from({ length: count }, (_, row) =>
    right.slice(row * width, (row + 1) * width),
  );
  const whole = rows.map((row) => row.every(Boolean));
  const kinds = casesOfQuestions(columns);
  const cases = casesOfDigits(columns);
  const nines = ninesToTheRight(columns.baseAdd, digits);
  const ofCase = (one: DigitCase, column: number): boolean[] =>
    rows.flatMap((row, k) =>
      cases[k * digits + column] === one ? [row[column + 1] as boolean] : [],
    );
  const perCase = (entry: (one: DigitCase, column: number) => number): NdArray =>
    nd(
      "float64",
      [digitCases.length, digits],
      digitCases.flatMap((one) => Array.from({ length: digits }, (_, i) => entry(one, i))),
    );
  return {
    all: hitsOf(whole),
    /** "A5" … "A0", the share of each that is right, and its mean loss in nats. */
    digits: names,
    digitAccuracy: names.map((_, i) => shareOf(hitsOf(rows.map((row) => row[i] as boolean)))),
    digitLoss: names.map((name) => means[name] as number),
    loss: Array.from(losses.data).reduce((a, b) => a + b, 0) / losses.data.length,
    /** Whole answers by kind of question. */
    byKind: digitCases.map((one) => hitsOf(whole.filter((_, row) => kinds[row] === one))),
    /** Whole answers by all carried nines of a question, and by the most that one carry passes. */
    byNines: hitsBy(whole, perQuestion(columns, columns.useSum9)),
    byCascade: hitsBy(whole, longestCascades(columns)),
    /** Digits above the units, by how many nines lie between them and what decides their carry. */
    byDistance: hitsBy(
      rows.flatMap((row) => row.slice(0, digits)),
      nines,
    ),
    /** Share right and mean loss of the digits of each case, "case digit", NaN where there are none. */
    caseAccuracy: perCase((one, column) => shareOf(hitsOf(ofCase(one, column)))),
    caseLoss: perCase((one, column) => means[`${one}.${names[column + 1]}`] ?? Number.NaN),
  };
}

function hitsOf(right: readonly boolean[]): Hits {
  return { count: right.length, right: right.filter(Boolean).length };
}

/** By the value of each answer, from 0 to the largest. */
function hitsBy(right: readonly boolean[], values: readonly number[]): Hits[] {
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return Array.from({ length: most + 1 }, (_, k) =>
    hitsOf(right.filter((_one, i) => values[i] === k)),
  );
}

/** The share that is right; NaN for none. */
export function shareOf({ count, right }: Hits): number {
  return right / count;
}

/**
 * For every digit of the sum but the units, "sum digit": how many columns of sum 9 follow to its right
 * without a gap. The column after them decides whether a carry comes in.
 */
function ninesToTheRight(baseAdd: Uint8Array, digits: number): number[] {
  return Array.from(baseAdd, (_, i) => {
    const end = i - (i % digits) + digits;
    let at = i;
    while (at < end && baseAdd[at] === 9) at += 1;
    return at - i;
  });
}
