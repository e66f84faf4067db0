import { beforeAll, describe, expect, it } from "vitest";
import golden from "../../../goldens/models_bitnet.golden.json" with { type: "json" };
import {
  scope,
  init as startArrays,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../arrays/index.ts";
import { type NdArray, nd, sizeOf } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { HookedModel } from "../hooked-model.ts";
import { hookedTransformer, hookedTransformerConfig } from "../hooked-transformer/index.ts";
import { crossEntropy } from "../loss.ts";
import type { WeightArrays, Weights } from "../model.ts";
import { parseConfig } from "../parse.ts";
import { runWithCache } from "../run.ts";
import { naiveCrossEntropy } from "../testing/cross-entropy.ts";
import { tokenTable } from "../token-table.ts";
import { type Quantization, quantizations } from "./config.ts";
import { bitNetTransformer, notebookInit, quantizeWeights } from "./index.ts";
import { byHead, transposed } from "./layout.ts";

const p = 113;
const { forward, lastLogits } = bitNetTransformer;
const parse = (options: unknown) => parseConfig("BitNet", bitNetTransformer.config, options);
const toTensors = (weights: WeightArrays): Weights =>
  Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, tensor(array)]));

/** Pairs (a, b) of the permutation of seed 598, as [a, b, "="], with labels a + b mod p. */
function split(from: number, to: number): { tokens: NdArray; labels: number[] } {
  const order = new TorchGenerator(598).randperm(p * p).slice(from, to);
  const tokens = [...order].flatMap((i) => [Math.floor(i / p), i % p, p]);
  const labels = [...order].map((i) => (Math.floor(i / p) + (i % p)) % p);
  return {
    tokens: nd("int32", [order.length, 3], tokens),
    labels,
  };
}

function initialLosses(quantization: Quantization): [train: number, test: number] {
  using _scope = scope();
  const config = parse({ dVocab: p + 1, dVocabOut: p, quantization });
  const weights = toTensors(notebookInit(config, new TorchGenerator(999)));
  const loss = (from: number, to: number): number => {
    const { tokens, labels } = split(from, to);
    const logits = lastLogits(weights, config, tokenTable(tokens));
    return naiveCrossEntropy(logits.readSync().data, labels);
  };
  return [loss(0, 3830), loss(3830, p * p)];
}

/** The numbers of one PyTorch tensor "out in" under the name and layout of the model here. */
function laidOut(name: string, data: ArrayLike<number>): readonly [string, NdArray] {
  const { dModel, nHeads, dMlp, dVocab, dVocabOut } = golden.config;
  const matrix = (dOut: number, dIn: number): NdArray =>
    transposed(nd("float32", [dOut, dIn], data));
  if (name === "emb") return ["embed.W_E", nd("float32", [dVocab, dModel], data)];
  if (name === "gamma") return ["ln_final.w", nd("float32", [dModel], data)];
  if (name === "unembed") return ["unembed.W_U", matrix(dVocabOut, dModel)];
  const [layer, part = ""] = name.split(".");
  if (part === "in") return [`blocks.${layer}.mlp.W_in`, matrix(dMlp, dModel)];
  if (part === "out") return [`blocks.${layer}.mlp.W_out`, matrix(dModel, dMlp)];
  const square = matrix(dModel, dModel);
  const headed =
    part === "O" ? { ...square, shape: [nHeads, dModel / nHeads, dModel] } : byHead(square, nHeads);
  return [`blocks.${layer}.attn.W_${part}`, headed];
}

/** The weights of `record` in lib/goldens/models_bitnet.py. */
function byFormula(): WeightArrays {
  const shapes = new Map(
    bitNetTransformer.parameters(parse(golden.config)).map((q) => [q.name, q.shape]),
  );
  return Object.fromEntries(
    golden.weights.map((name, k) => {
      const size = sizeOf(shapes.get(laidOutName(name)) ?? []);
      const base = name === "gamma" ? 1 : 0;
      const data = Float64Array.from(
        { length: size },
        (_, i) => base + 0.3 * Math.sin(1.7 * k + 0.61 * i + 0.1),
      );
      return laidOut(name, data);
    }),
  );
}

function laidOutName(name: string): string {
  if (name === "emb") return "embed.W_E";
  if (name === "gamma") return "ln_final.w";
  if (name === "unembed") return "unembed.W_U";
  const [layer, part = ""] = name.split(".");
  return `blocks.${layer}.${part.length === 1 ? "attn" : "mlp"}.W_${part}`;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (x, i) => Math.abs(x - (b[i] ?? Number.NaN))));
}

beforeAll(() => startArrays());

describe("BitNetTransformer in the notebook's random stream", () => {
  it("has the notebook's initial losses", () => {
    const [train, test] = initialLosses("binary");
    expect(Math.abs(train - 4.912602042789272)).toBeLessThan(2e-6);
    expect(Math.abs(test - 4.901619754149453)).toBeLessThan(2e-6);
  });

  it.each([
    ["none", 4.86036366398793, 4.857619715890099],
    ["ternary", 4.862712926908739, 4.863960071457947],
  ] as const)("has PyTorch's initial losses for the same matrices, %s", (mode, train, test) => {
    const losses = initialLosses(mode);
    expect(Math.abs(losses[0] - train)).toBeLessThan(2e-6);
    expect(Math.abs(losses[1] - test)).toBeLessThan(2e-6);
  });
});

describe.each(quantizations)("BitNetTransformer, %s", (quantization) => {
  const config = parse({ ...golden.config, quantization });
  const want = golden.modes[quantization];
  const tokens = nd("int32", [4, 3], golden.tokens.flat());
  const labels = () => tensor(golden.labels, { dtype: "int32" });

  it("has PyTorch's logits, and the points fire in order", () => {
    using _scope = scope();
    const weights = toTensors(byFormula());
    const { logits, cache } = runWithCache(bitNetTransformer, weights, config, tensor(tokens));
    expect(largestDifference(logits.readSync().data, want.logits)).toBeLessThan(1e-5);
    expect([...cache.keys()]).toEqual(bitNetTransformer.points(config).map((point) => point.name));
    const pattern = (cache.get("blocks.1.attn.hook_pattern") as Tensor).readSync();
    expect(pattern.shape).toEqual(want.pattern.shape);
    expect(largestDifference(pattern.data.slice(0, 3), want.pattern.first)).toBeLessThan(1e-5);
  });

  it("has PyTorch's loss and gradients, on the plain and on the fast path", () => {
    using _scope = scope();
    const ways = [
      (w: Weights) => forward(w, config, tensor(tokens), (_, x) => x).at([], -1),
      (w: Weights) => lastLogits(w, config, tokenTable(tokens)),
    ];
    for (const logits of ways) {
      const [loss, gradients] = valueAndGrad((w: Weights) => crossEntropy(logits(w), labels()))(
        toTensors(byFormula()),
      );
      expect(Math.abs(loss.item() - want.loss)).toBeLessThan(2e-5);
      for (const [name, values] of Object.entries(want.gradients)) {
        const [ours, { data }] = laidOut(name, values);
        const got = (gradients[ours] as Tensor).readSync().data;
        const scale = Math.max(0.1, ...values.map(Math.abs));
        expect(largestDifference(got, data) / scale, name).toBeLessThan(2e-5);
      }
    }
  });
});

describe("lastLogits of one layer", () => {
  it.each(quantizations)("equals forward at the last position: %s", (quantization) => {
    using _scope = scope();
    const config = parse({ ...golden.config, nLayers: 1, quantization });
    const weights = toTensors(bitNetTransformer.init(config, new TorchGenerator(1)));
    for (const last of [null, 5]) {
      const data = new TorchGenerator(2).randint(0, 6, 60);
      if (last !== null) for (let i = 2; i < 60; i += 3) data[i] = last;
      const tokens = nd("int32", [20, 3], data);
      const plain = forward(weights, config, tensor(tokens), (_, x) => x).at([], -1);
      const fast = lastLogits(weights, config, tokenTable(tokens));
      expect(fast.shape).toEqual(plain.shape);
      expect(largestDifference(fast.readSync().data, plain.readSync().data)).toBeLessThan(2e-5);
    }
  });
});

describe("quantizeWeights", () => {
  const config = parse({ ...golden.config, nLayers: 1 });
  const weights = () => toTensors(bitNetTransformer.init(config, new TorchGenerator(1)));
  const values = (quantization: Quantization): Set<number> => {
    const quantized = quantizeWeights(weights(), { ...config, quantization });
    return new Set((quantized["blocks.0.mlp.W_in"] as Tensor).readSync().data);
  };

  it("gives exactly -1 and 1, the same times mean |W|, or also 0", () => {
    const { data } = (weights()["blocks.0.mlp.W_in"] as Tensor).readSync();
    const mean = Array.from(data, Math.abs).reduce((sum, w) => sum + w / 96, 0);
    expect([...values("binary")].sort((a, b) => a - b)).toEqual([-1, 1]);
    const scaled = [...values("binary-scaled")].sort((a, b) => a - b);
    expect(largestDifference(scaled, [-mean, mean])).toBeLessThan(1e-7);
    const ternary = [...values("ternary")].sort((a, b) => a - b);
    expect(largestDifference(ternary, [-mean, 0, mean])).toBeLessThan(1e-7);
  });

  it("gives the effective weights of a model, which are its weights where nothing is quantized", () => {
    const binary = new HookedModel(bitNetTransformer, config, weights());
    expect(new Set(binary.effectiveWeights["blocks.0.mlp.W_in"]?.readSync().data)).toEqual(
      new Set([-1, 1]),
    );
    const plain = hookedTransformerConfig.parse({
      nLayers: 1,
      dModel: 2,
      dHead: 2,
      dVocab: 3,
      nCtx: 2,
      actFn: "relu",
    });
    const transformer = new HookedModel(
      hookedTransformer,
      plain,
      toTensors(hookedTransformer.init(plain, new TorchGenerator(1))),
    );
    expect(transformer.effectiveWeights).toBe(transformer.weights);
  });

  it("leaves embedding, norm and unembedding alone", () => {
    const before = weights();
    const after = quantizeWeights(before, config);
    for (const name of ["embed.W_E", "ln_final.w", "unembed.W_U"]) {
      expect(after[name]).toBe(before[name]);
    }
  });
});

describe("bitNetConfig", () => {
  it("fills in the notebook's sizes", () => {
    expect(parse({ dVocab: 114, dVocabOut: 113 })).toEqual({
      ...{ dModel: 128, nLayers: 1, nHeads: 4, dMlp: 512, dVocab: 114, dVocabOut: 113 },
      quantization: "binary",
    });
  });

  it("refuses what is wrong in one sentence", () => {
    expect(() => parse({ dVocab: 3, nHeads: 3 })).toThrow(
      "BitNet: nHeads must divide dModel, got 3 and 128",
    );
    expect(() => parse({ dVocab: 3, quantisation: "none" })).toThrow(
      'BitNet: unknown field "quantisation"; did you mean quantization',
    );
    expect(() => parse({ dVocab: 3, quantization: "int4" })).toThrow(
      'BitNet: quantization must be one of binary, binary-scaled, ternary, none, got "int4"',
    );
  });
});
