/** Compiled forward passes over all pairs. */

import type { Tensor } from "../../arrays/index.ts";
import type { Backend, Value } from "../../compile/backend.ts";
import { compile } from "../../compile/index.ts";
import { type NdArray, nd, type Spec } from "../../core/nd.ts";
import type { WeightArrays, Weights } from "../../models/index.ts";
import type { Network } from "./networks.ts";

/** What a model computes on every pair (a, b), row-major. */
export interface PairActivations {
  /** "pair c" */
  readonly logits: NdArray;
  /** "pair neuron" */
  readonly hidden: NdArray;
}

/** A forward pass over all pairs, compiled once for weights of one shape. */
export interface PairRunner {
  run(weights: WeightArrays): Promise<PairActivations>;
  release(): Promise<void>;
}

/** Pairs in one call; all of them where there are fewer. */
const largestBlock = 16_384;

export async function pairRunner(
  backend: Backend,
  network: Network<unknown>,
  config: unknown,
  example: WeightArrays,
  tokens: NdArray,
): Promise<PairRunner> {
  const [count, length] = tokens.shape as [number, number];
  const size = Math.min(count, largestBlock);
  const program = await compile(
    (weights: Weights, block: Tensor) => {
      let hidden: Tensor | undefined;
      const logits = network.model.forward(weights, config, block, (name, x) => {
        if (name === network.hidden) hidden = x.ndim === 3 ? x.at([], -1) : x;
        return x;
      });
      return { logits: logits.at([], -1), hidden: hidden as Tensor };
    },
    [specsOf(example), { dtype: "int32", shape: [size, length] }],
    { backend },
  );
  return {
    async run(weights) {
      const parts: PairActivations[] = [];
      for (let start = 0; start < count; start += size) {
        const out = (await program.run(weights, blockOf(tokens, start, size))) as {
          readonly logits: Value;
          readonly hidden: Value;
        };
        parts.push({ logits: await take(out.logits), hidden: await take(out.hidden) });
      }
      return {
        logits: joined(
          parts.map(({ logits }) => logits),
          count,
        ),
        hidden: joined(
          parts.map(({ hidden }) => hidden),
          count,
        ),
      };
    },
    release: () => program.release(),
  };
}

/** Rows `start` … of the tokens; past the end the last row again. */
function blockOf({ shape, data }: NdArray, start: number, size: number): NdArray {
  const [count, length] = shape as [number, number];
  const out = new Int32Array(size * length);
  for (let i = 0; i < size; i++) {
    const row = Math.min(start + i, count - 1) * length;
    out.set(data.subarray(row, row + length) as Int32Array, i * length);
  }
  return nd("int32", [size, length], out);
}

/** The first `count` rows of the parts one after the other. */
function joined(parts: readonly NdArray[], count: number): NdArray {
  if (parts.length === 1) return parts[0] as NdArray;
  const width = parts[0]?.shape[1] as number;
  const out = new Float32Array(count * width);
  let at = 0;
  for (const { data } of parts) {
    const rows = data.subarray(0, Math.min(data.length, out.length - at));
    out.set(rows as Float32Array, at);
    at += rows.length;
  }
  return nd("float32", [count, width], out);
}

async function take(value: Value): Promise<NdArray> {
  const array = await value.read();
  value.dispose();
  return array;
}

function specsOf(weights: WeightArrays): Record<string, Spec> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
  );
}
