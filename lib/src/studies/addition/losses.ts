/** The losses of a batch as the notebook sorts them: by digit, and by what the digit needs. */

import {
  casesOfDigits,
  casesOfQuestions,
  digitCases,
  perQuestion,
  sumColumns,
} from "../../tasks/index.ts";
import type { Answers } from "../../train/index.ts";

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
