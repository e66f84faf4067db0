/** A small training step for the tests: an MLP with a table of embeddings, trained by AdamW. */

import {
  logSoftmax,
  oneHot,
  relu,
  sqrt,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
} from "../../arrays/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { nd } from "../../core/nd.ts";
import { numbers } from "./arbitraries.ts";

export type Weights = { readonly [name: string]: Tensor };
export type Arrays = { readonly [name: string]: NdArray };

const examples = 48;
const classes = 7;

const tokens = nd(
  "int32",
  [examples],
  Int32Array.from({ length: examples }, (_, i) => (i * i) % 11),
);
const labels = nd(
  "int32",
  [examples],
  Int32Array.from({ length: examples }, (_, i) => i % classes),
);

export const initialWeights: Arrays = {
  W_E: numbers("float32", [11, 8], 1, 1),
  W_in: numbers("float32", [8, 16], 2, 1),
  b_in: numbers("float32", [16], 3, 1),
  W_out: numbers("float32", [16, classes], 4, 1),
};

function lossOf(weights: Weights): Tensor {
  const [W_E, W_in, b_in, W_out] = ["W_E", "W_in", "b_in", "W_out"].map(
    (k) => weights[k] as Tensor,
  ) as [Tensor, Tensor, Tensor, Tensor];
  const hidden = relu(take(W_E, tensor(tokens), 0).matmul(W_in).add(b_in));
  const logits = hidden.matmul(W_out);
  return logSoftmax(logits, -1)
    .mul(oneHot(tensor(labels), classes))
    .sum()
    .div(-examples);
}

function mapped(weights: Weights, f: (name: string, weight: Tensor) => Tensor): Weights {
  return Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, f(name, w)]));
}

/** One update of AdamW: the loss before it, the weights after it, and both moments. */
export function adamwStep(
  weights: Weights,
  first: Weights,
  second: Weights,
  correction: { readonly first: Tensor; readonly second: Tensor },
): { loss: Tensor; weights: Weights; first: Weights; second: Weights } {
  const [loss, gradients] = valueAndGrad(lossOf)(weights) as [Tensor, Weights];
  const gradient = (name: string): Tensor => gradients[name] as Tensor;
  const m = mapped(first, (name, x) => x.mul(0.9).add(gradient(name).mul(0.1)));
  const v = mapped(second, (name, x) =>
    x.mul(0.98).add(gradient(name).mul(gradient(name)).mul(0.02)),
  );
  const updated = mapped(weights, (name, w) => {
    const mean = (m[name] as Tensor).mul(correction.first);
    const scale = sqrt((v[name] as Tensor).mul(correction.second)).add(1e-8);
    return w.mul(1 - 1e-3).sub(mean.div(scale).mul(1e-2));
  });
  return { loss, weights: updated, first: m, second: v };
}

/** The bias corrections of step `n`, counted from 1. */
export function corrections(n: number): { first: NdArray; second: NdArray } {
  const scalar = (x: number): NdArray => nd("float32", [], [x]);
  return { first: scalar(1 / (1 - 0.9 ** n)), second: scalar(1 / (1 - 0.98 ** n)) };
}

export function zerosLike(arrays: Arrays): Arrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [
      name,
      nd("float32", shape, new Float32Array(data.length)),
    ]),
  );
}

/** The arguments of `adamwStep` before the first step. */
export function initialArguments(): readonly [Arrays, Arrays, Arrays, Arrays] {
  const zeros = zerosLike(initialWeights);
  return [initialWeights, zeros, zeros, corrections(1)];
}
