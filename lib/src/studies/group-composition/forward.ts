/** Compiled forward passes over all pairs. */

import type { PairPass } from "../../analysis/index.ts";
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
  /** The same in blocks; `onPairs` is told how many pairs are done. */
  pass(weights: WeightArrays, onPairs?: (done: number) => void): PairPass;
  release(): Promise<void>;
}

/** Logits in one call, of as many pairs as it takes. */
const largestCall = 2 ** 22;

export async function pairRunner(
  backend: Backend,
  network: Network<unknown>,
  config: unknown,
  example: WeightArrays,
  tokens: NdArray,
  largest?: number,
): Promise<PairRunner> {
  const [count, length] = tokens.shape as [number, number];
  const width = Math.ceil(Math.sqrt(count));
  const size = Math.min(count, largest ?? Math.ceil(largestCall / width));
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
  const pass =
    (weights: WeightArrays, onPairs: (done: number) => void = () => {}): PairPass =>
    async (visit) => {
      for (let start = 0; start < count; start += size) {
        const out = (await program.run(weights, blockOf(tokens, start, size))) as {
          readonly logits: Value;
          readonly hidden: Value;
        };
        const rows = Math.min(size, count - start);
        const [logits, hidden] = [
          await firstRows(out.logits, rows),
          await firstRows(out.hidden, rows),
        ];
        visit({ start, logits, hidden });
        onPairs(start + rows);
      }
    };
  return {
    async run(weights) {
      const logits = new Rows(count);
      const hidden = new Rows(count);
      await pass(weights)((block) => {
        logits.add(block.logits);
        hidden.add(block.hidden);
      });
      return { logits: logits.all(), hidden: hidden.all() };
    },
    pass,
    release: () => program.release(),
  };
}

/** The first rows of "row column"; the value is freed. */
async function firstRows(value: Value, count: number): Promise<NdArray> {
  const { shape, data } = await value.read();
  value.dispose();
  const width = shape[1] as number;
  return nd("float32", [count, width], data.subarray(0, count * width) as Float32Array);
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

/** Float32 rows that arrive in blocks. */
class Rows {
  private readonly count: number;
  private data: Float32Array | undefined;
  private filled = 0;

  constructor(count: number) {
    this.count = count;
  }

  add(block: NdArray): void {
    this.data ??= new Float32Array(this.count * (block.shape[1] as number));
    this.data.set(block.data as Float32Array, this.filled);
    this.filled += block.data.length;
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
