/** The logged losses and accuracies of a training as lists, and what can be read off them. */

import type { MetricsRow } from "../train/index.ts";

/** One entry for each logged step. Losses in nats, accuracies as fractions. */
export interface Curves {
  readonly step: readonly number[];
  readonly trainLoss: readonly number[];
  readonly testLoss: readonly number[];
  readonly trainAccuracy: readonly number[];
  readonly testAccuracy: readonly number[];
  /** The same as logged, with the columns that the plan adds. */
  readonly rows: readonly MetricsRow[];
}

/** The curves of logged rows. */
export function curvesOf(rows: readonly MetricsRow[]): Curves {
  return {
    step: rows.map((row) => row.step),
    trainLoss: rows.map((row) => row.trainLoss),
    testLoss: rows.map((row) => row.testLoss),
    trainAccuracy: rows.map((row) => row.trainAccuracy),
    testAccuracy: rows.map((row) => row.testAccuracy),
    rows,
  };
}

/** The curves up to a step, that step included. */
export function curvesUpTo({ rows }: Curves, step: number): Curves {
  return curvesOf(rows.filter((row) => row.step <= step));
}

/** What is logged at each step. */
export type Quantity = Exclude<keyof Curves, "step" | "rows">;

/** The value logged at `step`; undefined when that step was not logged. */
export function valueAt(curves: Curves, quantity: Quantity, step: number): number | undefined {
  const i = curves.step.indexOf(step);
  return i < 0 ? undefined : curves[quantity][i];
}

/** The first logged step at which `holds` is true; undefined when there is none. */
export function firstStep(
  curves: Curves,
  quantity: Quantity,
  holds: (value: number) => boolean,
): number | undefined {
  const i = curves[quantity].findIndex(holds);
  return i < 0 ? undefined : curves.step[i];
}

/** The last value of a list; NaN for an empty one. */
export function lastOf(values: readonly number[]): number {
  return values.at(-1) ?? Number.NaN;
}
