/** The parameter that chooses in which precision a model is trained. */

import { z } from "zod";
import type { Precision } from "../../train/precision.ts";

export const precision: z.ZodDefault<z.ZodEnum<{ readonly [P in Precision]: P }>> = z
  .enum({ float32: "float32", float64: "float64" })
  .default("float32")
  .meta({
    description:
      "dtype of weights, gradients and updates; in float64 rounding decides nothing, at two to three times the time",
  });
