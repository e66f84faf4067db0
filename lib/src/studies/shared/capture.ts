/** Compiled forward passes that give back activations by hook name. */

import type { Tensor } from "../../arrays/index.ts";
import type { Backend, Value } from "../../compile/backend.ts";
import { compile } from "../../compile/index.ts";
import type { NdArray, Spec } from "../../core/nd.ts";
import type { Hook, Model, WeightArrays, Weights } from "../../models/index.ts";

/** The logits "batch pos d_vocab_out" and the values at some hook points. */
export interface Captured {
  readonly logits: NdArray;
  at(name: string): NdArray;
}

/** Run the forward pass once and keep the hook points named, after `change` saw every one. */
export async function capture<C>(
  backend: Backend,
  { model, config }: { readonly model: Model<C>; readonly config: C },
  weights: WeightArrays,
  tokens: NdArray,
  names: readonly string[],
  change: Hook = (_, x) => x,
): Promise<Captured> {
  const run = await compile(
    (w: Weights, t: Tensor) => {
      const seen: Record<string, Tensor> = {};
      const logits = model.forward(w, config, t, (name, x) => {
        const y = change(name, x);
        if (names.includes(name)) seen[name] = y;
        return y;
      });
      return { logits, seen };
    },
    [specsOf(weights), specOf(tokens)],
    { backend },
  );
  try {
    const out = (await run.run(weights, tokens)) as {
      readonly logits: Value;
      readonly seen: Readonly<Record<string, Value>>;
    };
    const logits = await takeArray(out.logits);
    const seen = new Map<string, NdArray>();
    for (const [name, value] of Object.entries(out.seen)) seen.set(name, await takeArray(value));
    return { logits, at: (name) => seen.get(name) as NdArray };
  } finally {
    await run.release();
  }
}

/** Read a value and free it. */
export async function takeArray(value: Value): Promise<NdArray> {
  const array = await value.read();
  value.dispose();
  return array;
}

export function specOf({ dtype, shape }: Spec): Spec {
  return { dtype, shape };
}

export function specsOf(weights: WeightArrays): Record<string, Spec> {
  return Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, specOf(array)]));
}
