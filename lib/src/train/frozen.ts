/** Which weights are trained, which are constants, and which can be left out. */

import { UnknownNameError } from "../core/errors.ts";
import type { NdArray } from "../core/nd.ts";
import type { WeightArrays } from "../models/index.ts";
import type { TrainingPlan } from "./plan.ts";

export interface WeightGroups {
  readonly trained: WeightArrays;
  /** Frozen weights with numbers in them. */
  readonly constant: WeightArrays;
  /** Frozen biases of zeros: absent from the compiled functions, where models read them as zero. */
  readonly dropped: WeightArrays;
}

/** Split the plan's initial weights by its list of frozen names. */
export function weightGroups({ initial, frozen }: TrainingPlan): WeightGroups {
  const names = Object.keys(initial);
  const unknown = frozen.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UnknownNameError("frozen", "weight", unknown, names);
  const select = (keep: (name: string, array: NdArray) => boolean): WeightArrays =>
    Object.fromEntries(Object.entries(initial).filter(([name, array]) => keep(name, array)));
  const isFrozen = (name: string): boolean => frozen.includes(name);
  return {
    trained: select((name) => !isFrozen(name)),
    constant: select((name, array) => isFrozen(name) && !isZeroBias(name, array)),
    dropped: select((name, array) => isFrozen(name) && isZeroBias(name, array)),
  };
}

/** TransformerLens spells every bias `b` or `b_…`; models take an absent bias as zero. */
function isZeroBias(name: string, { data }: NdArray): boolean {
  return /(^|\.)b(_\w+)?$/.test(name) && data.every((x) => x === 0);
}
