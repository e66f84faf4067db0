/** Which rewritings that leave the log-probabilities alone made the weights of a file. */

import { InputError } from "../core/errors.ts";
import { shown } from "../core/text.ts";
import { type WeightPass, weightPasses } from "../models/weight-processing/passes.ts";

/** The passes named in a file. Throws `InputError` for what is none. */
export function parsePasses(where: string, value: unknown): readonly WeightPass[] {
  const passes: readonly string[] = weightPasses;
  if (Array.isArray(value) && value.every((name) => passes.includes(name))) return value;
  throw new InputError(
    `${where}: processed must be a list of ${passes.join(", ")}, got ${shown(value)}`,
  );
}

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
