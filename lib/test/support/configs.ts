/** Small configurations of a model, made from what its schema says. */

import { InputError } from "../../src/core/errors.ts";
import type { Model } from "../../src/models/model.ts";
import { choices, fieldNames } from "./schemas.ts";

/** Small sizes, each different, so that two axes cannot be mistaken for one another. */
const sizes: Readonly<Record<string, number>> = {
  ...{ nLayers: 2, dModel: 12, nHeads: 3, dHead: 4, dMlp: 10 },
  ...{ nCtx: 5, dVocab: 7, dVocabOut: 6 },
};

/** A small configuration, and each valid one that differs from it in one choice. */
export function modelConfigs(
  model: Model<unknown>,
): readonly (readonly [title: string, config: unknown])[] {
  const known = new Set(fieldNames(model.config));
  const base = Object.fromEntries(Object.entries(sizes).filter(([name]) => known.has(name)));
  const parsed = (changes: object) => {
    try {
      return model.config.safeParse({ ...base, ...changes });
    } catch (error) {
      if (error instanceof InputError) return { success: false, data: undefined };
      throw error;
    }
  };
  const changed = choices(model.config)
    .map(([name, value]) => [`${name} ${value}`, parsed({ [name]: value })] as const)
    .filter(([, { success }]) => success)
    .map(([title, { data }]) => [title, data] as const);
  return [["small", model.config.parse(base)], ...changed];
}
