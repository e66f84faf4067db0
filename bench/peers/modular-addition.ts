/** Sizes, examples and initial weights of `modular-addition`, shared by the contestants in JavaScript. */

import { parseArgs } from "node:util";
import { TorchGenerator } from "tinylens/rng";

export interface Sizes {
  readonly p: number;
  readonly dModel: number;
  readonly heads: number;
  readonly dMlp: number;
}

export interface Options {
  readonly sizes: Sizes;
  readonly steps: number;
  readonly threads: number | undefined;
  readonly serve: boolean;
}

/** From tiny to the size of the study, for the sweep. */
export const sweepSizes: Readonly<Record<string, Sizes>> = {
  "p 7, d 16": { p: 7, dModel: 16, heads: 2, dMlp: 32 },
  "p 17, d 32": { p: 17, dModel: 32, heads: 4, dMlp: 64 },
  "p 37, d 64": { p: 37, dModel: 64, heads: 4, dMlp: 256 },
  "p 113, d 128": { p: 113, dModel: 128, heads: 4, dMlp: 512 },
};

/** `--p 113 --d-model 128 --heads 4 --d-mlp 512 --steps 20 --threads 2 --serve`. */
export function options(): Options {
  const { values } = parseArgs({
    options: {
      p: { type: "string", default: "113" },
      "d-model": { type: "string", default: "128" },
      heads: { type: "string", default: "4" },
      "d-mlp": { type: "string", default: "512" },
      steps: { type: "string", default: "20" },
      threads: { type: "string" },
      device: { type: "string" },
      serve: { type: "boolean", default: false },
    },
  });
  return {
    sizes: {
      p: Number(values.p),
      dModel: Number(values["d-model"]),
      heads: Number(values.heads),
      dMlp: Number(values["d-mlp"]),
    },
    steps: Number(values.steps),
    threads: values.threads === undefined ? undefined : Number(values.threads),
    serve: values.serve,
  };
}

export function sizeArguments({ p, dModel, heads, dMlp }: Sizes): string[] {
  return ["--p", p, "--d-model", dModel, "--heads", heads, "--d-mlp", dMlp].map(String);
}

/** Tokens a and b and their sum, int32 "batch", of the train examples of data seed 598. */
export function trainExamples({ p }: Sizes) {
  const order = new TorchGenerator(598).randperm(p * p).slice(0, Math.trunc(p * p * 0.3));
  return {
    a: order.map((i) => Math.floor(i / p)),
    b: order.map((i) => i % p),
    sum: order.map((i) => (Math.floor(i / p) + (i % p)) % p),
  };
}

export interface Matrix {
  readonly shape: readonly [number, number];
  readonly data: Float32Array;
}

/** "head d_model d_head" as the matrix "d_model head*d_head". */
function joinHeads(data: Float32Array, heads: number, dModel: number): Matrix {
  const dHead = dModel / heads;
  const out = new Float32Array(data.length);
  for (let h = 0; h < heads; h++) {
    for (let d = 0; d < dModel; d++) {
      for (let k = 0; k < dHead; k++) {
        out[d * dModel + h * dHead + k] = data[(h * dModel + d) * dHead + k] as number;
      }
    }
  }
  return { shape: [dModel, dModel], data: out };
}

/** Weights of seed 999, drawn as TransformerLens did before 1.13; heads joined. */
export function initialWeights({ p, dModel, heads, dMlp }: Sizes) {
  const rng = new TorchGenerator(999);
  const draw = (rows: number, columns: number): Matrix => ({
    shape: [rows, columns],
    data: rng.normal(rows * columns, 0, 0.8 / Math.sqrt(dModel)),
  });
  const attention = () => joinHeads(draw(dModel, dModel).data, heads, dModel);
  return {
    W_E: draw(p + 1, dModel),
    W_pos: draw(3, dModel),
    W_Q: attention(),
    W_K: attention(),
    W_V: attention(),
    W_O: draw(dModel, dModel),
    W_in: draw(dModel, dMlp),
    W_out: draw(dMlp, dModel),
    W_U: draw(dModel, p),
  };
}
