import { beforeAll, describe, expect, it } from "vitest";
import golden from "../../../goldens/activation_cache.golden.json" with { type: "json" };
import { scope, init as startArrays, Tensor } from "../../arrays/index.ts";
import { createModel, type HookedModel } from "../hooked-model.ts";
import { hookedTransformer } from "../hooked-transformer/index.ts";
import { parseConfig } from "../parse.ts";
import type { ActivationCache } from "./activation-cache.ts";
import type { LabeledStack } from "./labeled-stack.ts";
import { byFormula } from "./testing/by-formula.ts";

interface TensorRecord {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly dot: number;
  readonly step: number;
  readonly every: readonly number[];
  readonly labels?: readonly string[];
}

const { right, wrong } = golden;

/** The calls of `calls` in lib/goldens/activation_cache.py. */
function callsOf(
  cache: ActivationCache,
  wU: Tensor,
): { readonly [name: string]: () => Tensor | LabeledStack } {
  const direction = wU.at([], 1);
  const two = wU.at([], [0, 2]);
  const whole = () => cache.decomposeResid();
  return {
    accumulated: () => cache.accumulatedResid(),
    "accumulated mid ln": () => cache.accumulatedResid(-1, { inclMid: true, applyLn: true }),
    "accumulated 1 mlp ln": () => cache.accumulatedResid(1, { mlpInput: true, applyLn: true }),
    "accumulated last": () => cache.accumulatedResid(-1, { posSlice: -1, applyLn: true }),
    decompose: whole,
    "decompose attn": () =>
      cache.decomposeResid(1, { mode: "attn", mlpInput: true, applyLn: true, posSlice: [1, 3] }),
    "decompose mlp": () => cache.decomposeResid(-1, { mode: "mlp", inclEmbeds: false }),
    heads: () => cache.stackHeadResults(),
    "heads remainder": () =>
      cache.stackHeadResults(1, {
        ...{ inclRemainder: true, applyLn: true },
        posSlice: { list: [0, 2] },
      }),
    result: () => cache.computeHeadResults().get("result", 0),
    "neurons of 0": () => cache.getNeuronResults(0, { neuronSlice: [1, 4], posSlice: -1 }),
    "neurons of 0 onto": () => cache.getNeuronResults(0, { projectOutputOnto: direction }),
    neurons: () => cache.stackNeuronResults(-1, { inclRemainder: true }),
    "neurons onto ln": () =>
      cache.stackNeuronResults(-1, {
        ...{ applyLn: true, projectOutputOnto: two, inclRemainder: true },
        neuronSlice: { list: [0, 3] },
      }),
    full: () => cache.getFullResidDecomposition(),
    "full layers": () =>
      cache.getFullResidDecomposition(-1, { expandNeurons: false, applyLn: true, posSlice: -1 }),
    "full 1 mlp": () => cache.getFullResidDecomposition(1, { mlpInput: true, applyLn: true }),
    "full onto": () =>
      cache.getFullResidDecomposition(1, { applyLn: true, projectOutputOnto: direction }),
    patterns: () => cache.stackActivation("pattern").stack,
    "ln to stack": () => cache.applyLnToStack(cache.decomposeResid(1).stack, 1),
    "ln recomputed": () => cache.applyLnToStack(whole().stack, -1, { recomputeLn: true }),
    attrs: () => cache.logitAttrs(whole(), right),
    "attrs difference": () => cache.logitAttrs(whole(), right, { incorrectTokens: wrong }),
    "attrs last": () =>
      cache.logitAttrs(cache.decomposeResid(-1, { posSlice: -1 }), [5, 1], {
        ...{ incorrectTokens: [0, 2], posSlice: -1 },
      }),
    "attrs one token": () => cache.logitAttrs(whole(), 3),
    "attrs without norm weight": () =>
      cache.logitAttrs(whole().stack, right, { incorrectTokens: wrong, applyNormWeight: false }),
    "attrs second sequence": () => cache.logitAttrs(whole(), 3, { batchSlice: [1, 2] }),
  };
}

/** Entries within 1e-5, relative to those above 1; sums of n entries within sqrt(n) of that. */
function expectRecord(got: Tensor | LabeledStack, record: TensorRecord, name: string): void {
  const x = got instanceof Tensor ? got : got.stack;
  expect(x.shape, name).toEqual(record.shape);
  if (!(got instanceof Tensor)) expect(got.labels, name).toEqual(record.labels);
  const data = Array.from(x.readSync().data, (v) => (Number.isFinite(v) ? v : 0));
  const every = data.filter((_, i) => i % record.step === 0);
  expect(every.length, name).toBe(record.every.length);
  const worst = Math.max(...every.map((v, i) => difference(v, record.every[i] as number)));
  expect(worst, name).toBeLessThan(1e-5);
  const bound = 1e-5 * Math.sqrt(data.length);
  const dot = data.reduce((sum, v, i) => sum + v * Math.cos(0.37 * i), 0);
  expect(difference(dot, record.dot), name).toBeLessThan(bound);
  const sum = data.reduce((total, v) => total + v, 0);
  expect(difference(sum, record.sum), name).toBeLessThan(bound);
}

function difference(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(1, Math.abs(b));
}

beforeAll(() => startArrays());

describe.each(Object.entries(golden.records))("TransformerLens's numbers: %s", (_, record) => {
  const create = (): Promise<HookedModel<unknown>> => {
    const config = parseConfig("test", hookedTransformer.config, record.config);
    expect(hookedTransformer.parameters(config).map(({ name }) => name)).toEqual(record.names);
    return createModel(hookedTransformer, record.config, {
      weights: byFormula(hookedTransformer, config),
    });
  };

  it("are what the methods of the cache return", async () => {
    const model = await create();
    using _scope = scope();
    const { cache } = model.runWithCache(golden.tokens);
    const calls = callsOf(cache, model.W_U);
    const methods: { readonly [name: string]: TensorRecord } = record.methods;
    expect(Object.keys(methods).length).toBeGreaterThanOrEqual(14);
    for (const [name, one] of Object.entries(methods)) {
      expectRecord((calls[name] as () => Tensor | LabeledStack)(), one, name);
    }
    if (record.bias !== null) {
      const mlpInput = model.nLayers > 1;
      expectRecord(model.accumulatedBias(1, { mlpInput }), record.bias, "accumulatedBias");
    }
  });

  it("are the gradients at every hook point", async () => {
    const model = await create();
    using _scope = scope();
    const { cache, loss } = model.runWithCache(golden.tokens, { inclBwd: true });
    expect(Math.abs(loss.item() - record.loss)).toBeLessThan(1e-5);
    const gradients: { readonly [name: string]: TensorRecord } = record.gradients;
    const named = cache.names().filter((name) => name.endsWith("_grad"));
    expect(named.toSorted()).toEqual(
      Object.keys(gradients)
        .map((n) => `${n}_grad`)
        .toSorted(),
    );
    for (const [name, one] of Object.entries(gradients)) {
      expectRecord(cache.get(`${name}_grad`), one, name);
    }
  });
});
