import { InputError } from "../../core/errors.ts";
import { shown } from "../../core/text.ts";

/** Rewritings of weights that leave log-probabilities alone, in the order in which they are applied. */
export const weightPasses = [
  "foldLayerNorm",
  "centerWritingWeights",
  "centerUnembed",
  "foldValueBiases",
  "refactorFactoredAttnMatrices",
] as const;

/** One of `weightPasses`; a `HookedModel` remembers which were applied to its weights. */
export type WeightPass = (typeof weightPasses)[number];

/** The passes of that list of names. Throws `InputError` for what is none. */
export function parsePasses(where: string, value: unknown): readonly WeightPass[] {
  const passes: readonly string[] = weightPasses;
  if (Array.isArray(value) && value.every((name) => passes.includes(name))) return value;
  throw new InputError(
    `${where}: processed must be a list of ${passes.join(", ")}, got ${shown(value)}`,
  );
}
