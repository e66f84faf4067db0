/** When each digit is learned, in each of its cases. */

import { digitCases } from "../../tasks/index.ts";
import type { LossCurves } from "./results.ts";

/** A fall of one curve through half of the loss of guessing a digit. */
export interface Phase {
  /** "A3", "BaseAdd.A2", … */
  readonly column: string;
  readonly step: number;
}

/** Half of ln 10: the running mean of a curve is said to have changed phase when it falls below. */
export const phaseLoss = Math.log(10) / 2;

/** A running mean is over so many logged values. */
export const phaseWindow = 25;

/** Every digit of the sum and every case of each: the step of its phase change, if it has one. */
export function phasesOf({ step, columns, digits }: LossCurves): Phase[] {
  const names = digits.flatMap((digit) => [digit, ...digitCases.map((one) => `${one}.${digit}`)]);
  return names.flatMap((column) => {
    const values = columns[column];
    const at = values === undefined ? undefined : changeOf(step, values);
    return at === undefined ? [] : [{ column, step: at }];
  });
}

/** The first step at which the mean of the last `phaseWindow` values (NaN left out) is below. */
function changeOf(step: ArrayLike<number>, values: ArrayLike<number>): number | undefined {
  const window: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    window.push(value);
    if (window.length > phaseWindow) window.shift();
    const mean = window.reduce((a, b) => a + b, 0) / window.length;
    if (window.length === phaseWindow && mean < phaseLoss) return step[i];
  }
  return undefined;
}
