/** The logged losses as plain lists, and what can be read off them. */

import type { MetricsRow } from "../../train/metrics.ts";

export interface Curves {
  readonly step: readonly number[];
  readonly trainLoss: readonly number[];
  readonly testLoss: readonly number[];
  readonly trainAccuracy: readonly number[];
  readonly testAccuracy: readonly number[];
}

export function curvesOf(metrics: readonly MetricsRow[]): Curves {
  return {
    step: metrics.map((row) => row.step),
    trainLoss: metrics.map((row) => row.trainLoss),
    testLoss: metrics.map((row) => row.testLoss),
    trainAccuracy: metrics.map((row) => row.trainAccuracy),
    testAccuracy: metrics.map((row) => row.testAccuracy),
  };
}

type Quantity = Exclude<keyof Curves, "step">;

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

/** The last value of a list that is not empty. */
export function lastOf(values: readonly number[]): number {
  return values.at(-1) ?? Number.NaN;
}
