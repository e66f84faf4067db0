import { beforeAll, describe, expect, it } from "vitest";
import { binaryWeights } from "../../analysis/index.ts";
import { init } from "../../arrays/index.ts";
import { nativeBackend } from "../../compile/backends/native/index.ts";
import type { Backend } from "../../compile/index.ts";
import type { NdArray } from "../../core/nd.ts";
import { resultsOf } from "../testing/in-memory.ts";
import { modularAdditionBitnet } from "./index.ts";
import type { BitNetParams } from "./params.ts";
import type { BitNetResults, ModelResults } from "./results.ts";

let backend: Backend;
beforeAll(async () => {
  await init();
  backend = await nativeBackend();
});

const study = modularAdditionBitnet;
const paramsOf = (changes: Partial<BitNetParams> = {}): BitNetParams => study.params.parse(changes);
const small = (changes: Partial<BitNetParams> = {}): BitNetParams =>
  paramsOf({ ...study.smoke, ...changes });

/** The same results, as if the binary and the full-precision network had grokked. */
function withGrokked({ model, others, ...rest }: BitNetResults): BitNetResults {
  const grokked = (of: ModelResults, meanNeuronFraction: number): ModelResults => {
    const circuit = of.circuit as NonNullable<ModelResults["circuit"]>;
    const { analysis } = circuit;
    const one = { all: 1, train: 1, test: 1 };
    const found = { embedding: 0.9, unembedding: 0.9, logits: 0.9, uniform: 0.1 };
    const summary = { ...analysis.summary, ...found, meanNeuronFraction };
    const performance = { ...analysis.performance, accuracy: one };
    return { ...of, circuit: { ...circuit, analysis: { ...analysis, summary, performance } } };
  };
  const full = (of: ModelResults) => (of.quantization === "none" ? grokked(of, 0.9) : of);
  return { ...rest, model: grokked(model, 0.4), others: others.map(full) };
}

describe("the study", () => {
  it("starts as the notebook does, down to its first updates", async () => {
    const params = paramsOf({ steps: 2, checkpointEvery: 2, compare: false });
    const judged = study.claims(params, await resultsOf(study, params, backend));
    expect(judged.map(({ id }) => id)).toEqual([
      "train-data",
      "train-labels",
      "test-data",
      "test-labels",
      "initial-train-loss",
      "initial-test-loss",
      "train-loss-1",
      "train-loss-2",
    ]);
    expect(judged.filter(({ holds }) => !holds)).toEqual([]);
  });

  it("trains the models it compares with from the same weights", () => {
    const params = small();
    const others = study.companions?.(params) ?? {};
    expect(Object.keys(others)).toEqual(["first-updates", "none", "ternary"]);
    const { initial } = study.plan(params);
    for (const plan of Object.values(others)) expect(plan.initial).toEqual(initial);
    expect(others["first-updates"]?.optimizer.weightDecay).toBe(0);
    expect(Object.keys(study.companions?.(small({ weightDecay: 0 })) ?? {})).toEqual([
      "none",
      "ternary",
    ]);
    expect(Object.keys(study.companions?.(small({ compare: false })) ?? {})).toEqual([
      "first-updates",
    ]);
  });

  it("sets the kinds of weights side by side and shows the signs", async () => {
    const params = small();
    const results = await resultsOf(study, params, backend);
    expect(results.others.map(({ quantization }) => quantization)).toEqual(["none", "ternary"]);
    const sections = study.report(params, results);
    const figures = sections.flatMap((section) => section.figures);
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
    expect(figures.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["compare-losses", "compare-shares", "sign-W-in", "integer-product"]),
    );
    expect(sections[0]?.prose.some((text) => text.includes("ternary"))).toBe(true);
    expect(sections[0]?.prose[0]).toContain("does not show the Fourier algorithm");
    expect(Object.values(study.metrics(results)).every(Number.isFinite)).toBe(true);
    const answer = study.report(params, withGrokked(results))[0]?.prose[0];
    expect(answer).toContain("explains 40 % of a neuron: its neurons mix several.");
    expect(answer).toContain("In the full-precision one it explains 90 %.");
    expect(answer).toMatch(
      /The ternary one has not grokked .* \([0-9.]+ % of unseen pairs right\)/,
    );
  });

  it("draws the notebook's log beside a run without weight decay", async () => {
    const params = small({ weightDecay: 0, compare: false, steps: 5, checkpointEvery: 5 });
    const results = await resultsOf(study, params, backend);
    const loss = study
      .report(params, results)
      .flatMap((section) => section.figures)
      .find(({ id }) => id === "loss");
    expect(loss?.see).toContain("seed 000");
  });

  it("multiplies the signs as the notebook does, in PyTorch's layout", async () => {
    const params = small({ compare: false, steps: 3, checkpointEvery: 3 });
    const { plan } = study;
    const { initial } = plan(params);
    const results = await study.analyse(
      params,
      {
        metrics: [],
        checkpointSteps: [0],
        weights: async () => initial,
        companions: {},
      },
      { backend, published: async () => undefined, progress: () => {} },
    );
    const signs = (name: string): NdArray => binaryWeights(initial[name] as NdArray).signs;
    const [W_in, W_O, W_V] = ["mlp.W_in", "attn.W_O", "attn.W_V"].map((name) =>
      signs(`blocks.0.${name}`),
    ) as [NdArray, NdArray, NdArray];
    const [dModel, dHead] = [16, 8];
    const naive = (neuron: number, input: number): number => {
      let sum = 0;
      for (let d = 0; d < dModel; d++) {
        for (let j = 0; j < dModel; j++) {
          const head = Math.floor(j / dHead);
          const value = W_V.data[(head * dModel + input) * dHead + (j % dHead)] as number;
          const out = W_O.data[j * dModel + d] as number;
          sum += (W_in.data[d * 4 * dModel + neuron] as number) * out * value;
        }
      }
      return sum;
    };
    const product = results.binary?.product as NdArray;
    expect(product.shape).toEqual([4 * dModel, dModel]);
    for (const [neuron, input] of [
      [0, 0],
      [5, 3],
      [63, 15],
    ] as const) {
      expect(product.data[neuron * dModel + input]).toBe(naive(neuron, input));
    }
  });
});
