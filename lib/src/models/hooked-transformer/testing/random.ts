/** Random weights and tokens for tests, and how far two tensors are apart. */

import { expect } from "vitest";
import { type Tensor, tensor } from "../../../arrays/index.ts";
import { type NdArray, nd, sizeOf } from "../../../core/nd.ts";
import { TorchGenerator } from "../../../rng/index.ts";
import type { Weights } from "../../model.ts";
import { parseConfig } from "../../parse.ts";
import {
  type HookedTransformerConfig,
  type HookedTransformerOptions,
  hookedTransformer,
} from "../index.ts";

/** Weights of which none is special: biases are not 0 and norm weights not 1. */
export function randomWeights(
  options: HookedTransformerOptions,
  seed: number,
): { config: HookedTransformerConfig; weights: Weights } {
  const config = parseConfig("test", hookedTransformer.config, options);
  const rng = new TorchGenerator(seed);
  const weights: Weights = Object.fromEntries(
    hookedTransformer
      .parameters(config)
      .map(({ name, shape }) => [
        name,
        tensor(nd("float32", shape, rng.normal(sizeOf(shape), 0, 0.5))),
      ]),
  );
  return { config, weights };
}

export function randomTokens(batch: number, nCtx: number, dVocab: number, seed: number): NdArray {
  return nd("int32", [batch, nCtx], new TorchGenerator(seed).randint(0, dVocab, batch * nCtx));
}

export const largest = (x: Tensor): number => Math.max(...x.readSync().data.map(Math.abs));

/** Difference of two tensors over the largest entry of the second, or over `least`. */
export function relative(a: Tensor, b: Tensor, least = 1e-3): number {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [a.readSync().data, b.readSync().data];
  const top = Math.max(least, ...y.map(Math.abs));
  return Math.max(...Array.from(x, (v, i) => Math.abs(v - (y[i] ?? 0)))) / top;
}
