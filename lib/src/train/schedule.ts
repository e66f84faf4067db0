/** Learning-rate schedules: a factor on the learning rate for each update. */

import { InputError, UnknownNameError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
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

const scheduleNames: OptionNames<ScheduleOptions> = { name: true, warmupSteps: true };

/** The factor that a plan names. @throws UnknownNameError or InputError for another name or option. */
export function scheduleOf(options: ScheduleOptions): Factor {
  const { name, warmupSteps } = options;
  checkOptions("schedule", options, scheduleNames);
  if (!Object.hasOwn(factors, name)) {
    throw new UnknownNameError("train", "schedule", String(name), Object.keys(factors));
  }
  if (name === "warmup") required(warmupSteps);
  else if (warmupSteps !== undefined) {
    throw new InputError(`schedule: warmupSteps is for warmup only, got it with ${name}`);
  }
  return factors[name];
}

function required(warmupSteps: number | undefined): number {
  if (typeof warmupSteps !== "number" || !(warmupSteps > 0)) {
    throw new InputError(`schedule: warmupSteps must be above 0, got ${warmupSteps}`);
  }
  return warmupSteps;
}
