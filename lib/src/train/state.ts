/** The state of training: in a back end while it changes, as plain numbers in checkpoints. */

import type { Backend, Value } from "../compile/index.ts";
import type { WeightArrays } from "../models/index.ts";

type Held = { readonly [name: string]: Value };

/** What a step changes: the trained weights, and each moment of each of them. */
export type TrainingState = {
  readonly weights: Held;
  readonly moments: { readonly [moment: string]: Held };
};

/** The same as plain numbers. */
export type StateArrays = {
  readonly weights: WeightArrays;
  readonly moments: { readonly [moment: string]: WeightArrays };
};

/** The state held by a back end. */
export function uploadState(backend: Backend, { weights, moments }: StateArrays): TrainingState {
  const group = (arrays: WeightArrays): Record<string, Value> =>
    Object.fromEntries(
      Object.entries(arrays).map(([name, array]) => [name, backend.upload(array)]),
    );
  return {
    weights: group(weights),
    moments: Object.fromEntries(Object.entries(moments).map(([name, held]) => [name, group(held)])),
  };
}

/** The state as plain numbers. */
export async function downloadState({ weights, moments }: TrainingState): Promise<StateArrays> {
  const group = async (held: { readonly [name: string]: Value }): Promise<WeightArrays> =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(held).map(async ([name, value]) => [name, await value.read()]),
      ),
    );
  const entries = Object.entries(moments).map(async ([name, held]) => [name, await group(held)]);
  return { weights: await group(weights), moments: Object.fromEntries(await Promise.all(entries)) };
}

/** Free every value of a state. */
export function disposeState({ weights, moments }: TrainingState): void {
  for (const held of [weights, ...Object.values(moments)]) {
    for (const value of Object.values(held)) value.dispose();
  }
}
