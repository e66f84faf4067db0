/** Which steps are logged and which are saved. */

import { InputError } from "../core/errors.ts";
import { shown } from "../core/text.ts";
import type { TrainingPlan } from "./plan.ts";

/** Steps at which a plan logs and saves; both count updates done. */
export interface Due {
  logs(step: number): boolean;
  saves(step: number): boolean;
}

/** Multiples of the plan's intervals, step 0, the last step, and `evalAt`. */
export function due(plan: TrainingPlan): Due {
  const { steps, evalEvery, checkpointEvery, evalAt = [] } = plan;
  for (const [name, value] of Object.entries({ steps, evalEvery, checkpointEvery })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new InputError(`${name}: must be a whole number of at least 1, got ${value}`);
    }
  }
  const wrong = Array.isArray(evalAt)
    ? evalAt.find((step) => !(Number.isInteger(step) && step >= 0))
    : evalAt;
  if (wrong !== undefined) {
    throw new InputError(
      `evalAt: must be a list of whole numbers of at least 0, got ${shown(wrong)}`,
    );
  }
  const extra = new Set(evalAt);
  return {
    logs: (step) => step % evalEvery === 0 || step === steps || extra.has(step),
    saves: (step) => step % checkpointEvery === 0 || step === steps,
  };
}
