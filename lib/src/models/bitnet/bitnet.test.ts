import { beforeAll, describe, expect, it } from "vitest";
import {
  grad,
  scope,
  init as startArrays,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../arrays/index.ts";
import { type NdArray, nd, sizeOf } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { crossEntropy } from "../loss.ts";
import type { WeightArrays, Weights } from "../model.ts";
import { parseConfig } from "../parse.ts";
import { runWithCache } from "../run.ts";
import { tokenTable } from "../token-table.ts";
import { type Quantization, quantizations } from "./config.ts";
import { bitNetTransformer, notebookInit, quantizeWeights } from "./index.ts";

const p = 113;
const parse = (options: unknown) => parseConfig("test", bitNetTransformer.config, options);
const toTensors = (weights: WeightArrays): Weights =>
  Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, tensor(array)]));

/** Pairs (a, b) of the permutation of seed 598, as [a, b, "="], with labels a + b mod p. */
function split(from: number, to: number): { tokens: NdArray; labels: Tensor } {
  const order = new TorchGenerator(598).randperm(p * p).slice(from, to);
  const tokens = [...order].flatMap((i) => [Math.floor(i / p), i % p, p]);
  const labels = [...order].map((i) => (Math.floor(i / p) + (i % p)) % p);
  return {
    tokens: nd("int32", [order.length, 3], tokens),
    labels: tensor(labels, { dtype: "int32" }),
  };
}

function initialLosses(quantization: Quantization): [train: number, test: number] {
  using _scope = scope();
  const config = parse({ dVocab: p + 1, dVocabOut: p, quantization });
  const weights = toTensors(notebookInit(config, new TorchGenerator(999)));
  const loss = (from: number, to: number): number => {
    const { tokens, labels } = split(from, to);
    const logits = bitNetTransformer.lastLogits(weights, config, tokenTable(tokens));
    return crossEntropy(logits.astype("float64"), labels).item();
  };
  return [loss(0, 3830), loss(3830, p * p)];
}

beforeAll(() => startArrays());

describe("BitNetTransformer in the notebook's random stream", () => {
  it("has the notebook's initial losses", () => {
    const [train, test] = initialLosses("binary");
    expect(Math.abs(train - 4.912602042789272)).toBeLessThan(2e-6);
    expect(Math.abs(test - 4.901619754149453)).toBeLessThan(2e-6);
  });

  it("has the losses that PyTorch gave for the other ways to quantise", () => {
    expect(initialLosses("none")[0]).toBeCloseTo(4.8604, 4);
  });
});
