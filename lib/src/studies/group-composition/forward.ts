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
  largest: number = largestBlock,
): Promise<PairRunner> {
  const [count, length] = tokens.shape as [number, number];
  const size = Math.min(count, largest);
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
      const logits = new Rows(count);
      const hidden = new Rows(count);
      for (let start = 0; start < count; start += size) {
        const out = (await program.run(weights, blockOf(tokens, start, size))) as {
          readonly logits: Value;
          readonly hidden: Value;
        };
        await logits.add(out.logits);
        await hidden.add(out.hidden);
      }
      return { logits: logits.all(), hidden: hidden.all() };
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

/** Float32 rows that arrive in blocks; of the last block only as many as are missing. */
class Rows {
  private readonly count: number;
  private data: Float32Array | undefined;
  private filled = 0;

  constructor(count: number) {
    this.count = count;
  }

  /** Read a block "row column" and free it. */
  async add(value: Value): Promise<void> {
    const block = await value.read();
    value.dispose();
    this.data ??= new Float32Array(this.count * (block.shape[1] as number));
    const rest = this.data.length - this.filled;
    this.data.set(block.data.subarray(0, rest) as Float32Array, this.filled);
    this.filled += Math.min(block.data.length, rest);
  }

  all(): NdArray {
    const data = this.data ?? new Float32Array(0);
    return nd("float32", [this.count, data.length / this.count], data);
  }
}

function specsOf(weights: WeightArrays): Record<string, Spec> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
  );
}
