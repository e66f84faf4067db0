/** Compiled forward passes over all pairs, for the analysis of any model of the task. */

import type { Tensor } from "../../arrays/index.ts";
import type { Backend, Value } from "../../compile/backend.ts";
import { compile } from "../../compile/index.ts";
import type { NdArray, Spec } from "../../core/nd.ts";
import { type Model, tokenTable, type WeightArrays, type Weights } from "../../models/index.ts";
import { allPairs } from "../modular-arithmetic/split.ts";

/** What the last position saw and did on every pair (a, b), row-major. */
export interface PairActivations {
  /** "pair d_vocab_out" */
  readonly logits: NdArray;
  /** Attention of the last token: "pair head src". */
  readonly pattern: NdArray;
  /** Neurons before and after the activation function: "pair neuron". */
  readonly pre: NdArray;
  readonly post: NdArray;
}

const captured = {
  pattern: "blocks.0.attn.hook_pattern",
  pre: "blocks.0.mlp.hook_pre",
  post: "blocks.0.mlp.hook_post",
} as const;

/** Run the hooked forward pass over all p * p pairs and keep the last position of each site. */
export async function pairActivations<C>(
  backend: Backend,
  model: Model<C>,
  config: C,
  weights: WeightArrays,
  p: number,
): Promise<PairActivations> {
  const tokens = allPairs(p);
  const run = await compile(
    (w: Weights, t: Tensor) => {
      const seen = new Map<string, Tensor>();
      const logits = model.forward(w, config, t, (name, x) => {
        seen.set(name, x);
        return x;
      });
      const at = (name: string) => seen.get(name) as Tensor;
      return {
        logits: logits.at([], -1),
        pattern: at(captured.pattern).at([], [], -1),
        pre: at(captured.pre).at([], -1),
        post: at(captured.post).at([], -1),
      };
    },
    [specsOf(weights), specOf(tokens)],
    { backend },
  );
  try {
    const out = (await run.run(weights, tokens)) as Record<keyof PairActivations, Value>;
    const take = async (value: Value): Promise<NdArray> => {
      const array = await value.read();
      value.dispose();
      return array;
    };
    return {
      logits: await take(out.logits),
      pattern: await take(out.pattern),
      pre: await take(out.pre),
      post: await take(out.post),
    };
  } finally {
    await run.release();
  }
}

/** A function from weights to the logits "pair d_vocab_out" of all pairs, compiled once. */
export interface LogitsOfPairs {
  logits(weights: WeightArrays): Promise<NdArray>;
  release(): Promise<void>;
}

export async function logitsOfPairs<C>(
  backend: Backend,
  model: Model<C>,
  config: C,
  example: WeightArrays,
  p: number,
): Promise<LogitsOfPairs> {
  const table = tokenTable(allPairs(p));
  const run = await compile(
    (w: Weights) => model.lastLogits(w, config, table),
    [specsOf(example)],
    { backend },
  );
  return {
    async logits(weights: WeightArrays): Promise<NdArray> {
      const value = (await run.run(weights)) as Value;
      const logits = await value.read();
      value.dispose();
      return logits;
    },
    release: () => run.release(),
  };
}

function specOf({ dtype, shape }: Spec): Spec {
  return { dtype, shape };
}

function specsOf(weights: WeightArrays): Record<string, Spec> {
  return Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, specOf(array)]));
}
