/** Learning-rate schedules: a factor on the learning rate for each update. */

import { InputError, UnknownNameError } from "../core/errors.ts";
import type { ScheduleOptions } from "./plan.ts";

type Factor = (step: number, steps: number, options: ScheduleOptions) => number;

const factors: { readonly [N in ScheduleOptions["name"]]: Factor } = {
  constant: () => 1,
  warmup: (step, _steps, { warmupSteps }) => Math.min(step / required(warmupSteps), 1),
  cosine: (step, steps) => 0.5 * (1 + Math.cos((Math.PI * step) / steps)),
};

/**
 * Factor of the update that follows `step` updates, of `steps` in all. `constant`: 1; `warmup`:
 * min(step / warmupSteps, 1), so the first update has factor 0 (PyTorch's `LambdaLR`); `cosine`:
 * from 1 to 0 by half a cosine (PyTorch's `CosineAnnealingLR` with `T_max` steps).
 */
export function learningRateFactor(options: ScheduleOptions, step: number, steps: number): number {
  return scheduleOf(options)(step, steps, options);
}

/** The factor that a plan names. @throws UnknownNameError for another name. */
export function scheduleOf({ name }: ScheduleOptions): Factor {
  if (Object.hasOwn(factors, name)) return factors[name];
  throw new UnknownNameError("train", "schedule", String(name), Object.keys(factors));
}

function required(warmupSteps: number | undefined): number {
  if (warmupSteps === undefined || !(warmupSteps > 0)) {
    throw new InputError(`schedule: warmupSteps must be above 0, got ${warmupSteps}`);
  }
  return warmupSteps;
}
