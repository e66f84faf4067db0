/** Training in float64: slower, and without the rounding that float32 adds. */

import type { Backend } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { nd } from "../core/nd.ts";
import type { WeightArrays } from "../models/index.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { TrainingPlan } from "./plan.ts";

/** Dtype of the weights, and so of activations, gradients, moments and the update. */
export type Precision = "float32" | "float64";

/** Updates up to number `until`, in one precision. */
export interface Phase {
  readonly precision: Precision;
  readonly until: number;
}

/** The phases of a plan that lie after `step`; one without updates when there is none. */
export function phasesAfter({ steps, float64Steps = 0 }: TrainingPlan, step: number): Phase[] {
  if (!(Number.isInteger(float64Steps) && float64Steps >= 0)) {
    throw new InputError(`plan: float64Steps must be a whole number from 0, got ${float64Steps}`);
  }
  const wide = { precision: "float64", until: Math.min(float64Steps, steps) } as const;
  const rest = { precision: "float32", until: steps } as const;
  if (wide.until === steps) return [wide];
  return step < wide.until ? [wide, rest] : [rest];
}

/** The plan with its initial weights in `precision`, in which everything from them is computed. */
export function withPrecision(plan: TrainingPlan, precision: Precision): TrainingPlan {
  return { ...plan, initial: castWeights(plan.initial, precision) };
}

/** Dtype of the plan's weights. @throws InputError for float64 on a back end without it. */
export function precisionOf({ initial }: TrainingPlan, backend: Backend): Precision {
  const wide = Object.values(initial).some(({ dtype }) => dtype === "float64");
  if (wide && !backend.float64) {
    throw new InputError(`train: ${backend.name} has no float64; train with float64Steps 0`);
  }
  return wide ? "float64" : "float32";
}

/** Floating-point weights in another precision; those that have it already are not copied. */
export function castWeights(weights: WeightArrays, precision: Precision): WeightArrays {
  return Object.fromEntries(
    Object.entries(weights).map(([name, array]) => {
      const same = array.dtype === precision || !array.dtype.startsWith("float");
      return [name, same ? array : nd(precision, array.shape, array.data)];
    }),
  );
}

/** A checkpoint with its weights and moments in another precision. */
export function castCheckpoint(checkpoint: Checkpoint, precision: Precision): Checkpoint {
  const moments = Object.entries(checkpoint.moments).map(([moment, of]) => [
    moment,
    castWeights(of, precision),
  ]);
  return {
    ...checkpoint,
    weights: castWeights(checkpoint.weights, precision),
    moments: Object.fromEntries(moments),
  };
}
