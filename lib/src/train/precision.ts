/** Training in float64 from end to end: slower, and without the rounding that float32 adds. */

import type { Backend } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { nd } from "../core/nd.ts";
import type { WeightArrays } from "../models/index.ts";
import type { TrainingPlan } from "./plan.ts";

/** Dtype of the weights, and so of activations, gradients, moments and the update. */
export type Precision = "float32" | "float64";

/**
 * The plan with its initial weights in `precision`, default float32. What is computed from float64
 * weights is float64 too, so two machines, or PyTorch, agree to many digits for thousands of updates.
 */
export function withPrecision<C>(plan: TrainingPlan<C>, precision: Precision): TrainingPlan<C> {
  return { ...plan, initial: castWeights(plan.initial, precision) };
}

/** Dtype of the plan's weights. @throws InputError for float64 on a back end without it. */
export function precisionOf({ initial }: TrainingPlan, backend: Backend): Precision {
  const wide = Object.values(initial).some(({ dtype }) => dtype === "float64");
  if (wide && !backend.float64) {
    throw new InputError(`train: ${backend.name} has no float64; train with precision float32`);
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
