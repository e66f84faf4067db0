/** Which rewritings that leave the log-probabilities alone made the weights of a file. */

import { InputError } from "../core/errors.ts";
import type { WeightPass } from "../models/weight-processing/passes.ts";

/** Weights whose norms were folded belong to a model without norm weights. Throws `InputError`. */
export function checkProcessed(
  where: string,
  processed: readonly WeightPass[],
  config: unknown,
): void {
  const norm: unknown = Reflect.get(Object(config), "normalizationType");
  if (!processed.includes("foldLayerNorm") || (norm !== "LN" && norm !== "RMS")) return;
  throw new InputError(
    `${where}: the norms were folded into the weights, so normalizationType must be ${norm}Pre, got ${norm}`,
  );
}
