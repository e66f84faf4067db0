import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  scope,
  init as startArrays,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
} from "../../arrays/index.ts";
import { nd } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import type { Weights } from "../model.ts";
import { normalizationTypes } from "./config.ts";
import { type HookedTransformerOptions, hookedTransformer } from "./index.ts";
import { logitsAt } from "./logits-at.ts";
import { largest, randomTokens, randomWeights, relative } from "./testing/random.ts";

const base = { dModel: 8, dHead: 4, nLayers: 1, nCtx: 6, dVocab: 4, dVocabOut: 5, dMlp: 12 };

beforeAll(() => startArrays());

function expectEqualWays(
  options: HookedTransformerOptions,
  batch: number,
  positions: readonly number[],
): void {
  using _scope = scope();
  const { config, weights } = randomWeights(options, 3);
  const tokens = tensor(randomTokens(batch, config.nCtx, config.dVocab, 5));
  const shape = [batch, positions.length, config.dVocabOut];
  const direction = tensor(
    nd("float32", shape, new TorchGenerator(4).normal(shape.reduce((a, b) => a * b))),
  );
  const run = (f: (w: Weights) => Tensor) => ({
    logits: f(weights),
    gradients: valueAndGrad((w: Weights) => f(w).mul(direction).sum())(weights)[1] as Weights,
  });
  const whole = (w: Weights) => hookedTransformer.forward(w, config, tokens, (_, x) => x);
  const plain = run((w) => take(whole(w), [...positions], 1));
  const chosen = run((w) => logitsAt(w, config, tokens, positions));
  expect(relative(chosen.logits, plain.logits)).toBeLessThan(2e-5);
  // The gradient of b_K is zero in exact arithmetic, so each is measured on the scale of them all.
  const scale = Math.max(...Object.values(plain.gradients).map(largest)) / 100;
  for (const name of Object.keys(plain.gradients)) {
    const got = relative(chosen.gradients[name] as Tensor, plain.gradients[name] as Tensor, scale);
    expect(got, name).toBeLessThan(1e-4);
  }
}

describe("logitsAt", () => {
  it("equals forward at the positions, with its gradient, for random configurations", () => {
    const configurations = fc.record({
      nLayers: fc.integer({ min: 0, max: 2 }),
      nHeads: fc.integer({ min: 1, max: 3 }),
      dHead: fc.constantFrom(1, 4),
      normalizationType: fc.constantFrom(null, null, ...normalizationTypes),
      positionalEmbeddingType: fc.constantFrom("standard", "standard", "rotary"),
      attentionDir: fc.constantFrom("causal", "bidirectional"),
      attnOnly: fc.boolean(),
    });
    const asked = fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 });
    const batches = fc.constantFrom(1, 5, 40);
    fc.assert(
      fc.property(configurations, asked, batches, (changes, positions, batch) => {
        const rotary = changes.positionalEmbeddingType === "rotary";
        const options = { ...base, ...changes, ...(rotary ? { dHead: 4 } : {}) };
        expectEqualWays(options as HookedTransformerOptions, batch, positions);
      }),
      { numRuns: 24, seed: 2 },
    );
  });

  it("equals forward where keys and values are computed once per pair", () => {
    const wide = { ...base, dHead: 16, dModel: 32, nHeads: 2 };
    for (const normalizationType of [null, "LN"] as const) {
      for (const positions of [[0], [2, 3, 4], [1, 4], [0, 1, 2, 3, 4, 5]]) {
        expectEqualWays({ ...wide, normalizationType }, 50, positions);
      }
    }
  });

  it("refuses positions out of order or range", () => {
    using _scope = scope();
    const { config, weights } = randomWeights(base, 5);
    const tokens = tensor(randomTokens(2, 6, 4, 1));
    for (const positions of [[], [1, 1], [3, 2], [5, 6], [-1]]) {
      expect(() => logitsAt(weights, config, tokens, positions)).toThrow(
        `logitsAt: positions must ascend within 0 … 5, got [${positions}]`,
      );
    }
    expect(() => logitsAt(weights, config, tensor(randomTokens(2, 7, 4, 1)), [0])).toThrow(
      'forward: tokens "batch pos" of at most nCtx = 6 positions: expected [?,6], got [2,7]',
    );
  });
});
