/** The parameter that says how much of training is computed in float64. */

import { z } from "zod";

/** Schema of `float64Steps` with a study's default. */
export function float64Steps(steps: number): z.ZodDefault<z.ZodInt> {
  return z.int().min(0).default(steps).meta({
    description:
      "first updates computed in float64, against rounding, at two to three times the time",
    unit: "steps",
  });
}
