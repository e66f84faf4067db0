import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  scope,
  init as startArrays,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../arrays/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import type { Weights } from "../model.ts";
import { tokenTable } from "../token-table.ts";
import { actFns, normalizationTypes } from "./config.ts";
import { type HookedTransformerOptions, hookedTransformer } from "./index.ts";
import { cheapestTail, type TailSizes } from "./tail.ts";
import { largest, randomTokens, randomWeights, relative } from "./testing/random.ts";

const { forward, lastLogits } = hookedTransformer;

/** Logits of the last position and gradients of a random projection of them, both ways. */
function bothWays(options: HookedTransformerOptions, tokens: NdArray) {
  const { config, weights } = randomWeights(options, 3);
  const direction = tensor(
    nd(
      "float32",
      [tokens.shape[0] ?? 0, config.dVocabOut],
      new TorchGenerator(4).normal((tokens.shape[0] ?? 0) * config.dVocabOut),
    ),
  );
  const ways = {
    plain: (w: Weights) => forward(w, config, tensor(tokens), (_, x) => x).at([], -1),
    fast: (w: Weights) => lastLogits(w, config, tokenTable(tokens)),
  };
  const run = (f: (w: Weights) => Tensor) => ({
    logits: f(weights),
    gradients: valueAndGrad((w: Weights) => f(w).mul(direction).sum())(weights)[1] as Weights,
  });
  return { plain: run(ways.plain), fast: run(ways.fast) };
}

function expectEqualWays(options: HookedTransformerOptions, tokens: NdArray): void {
  using _scope = scope();
  const { plain, fast } = bothWays(options, tokens);
  expect(relative(fast.logits, plain.logits)).toBeLessThan(2e-5);
  // The gradient of b_K is zero in exact arithmetic, so each is measured on the scale of them all.
  const scale = Math.max(...Object.values(plain.gradients).map(largest)) / 100;
  for (const name of Object.keys(plain.gradients)) {
    const got = relative(fast.gradients[name] as Tensor, plain.gradients[name] as Tensor, scale);
    expect(got, name).toBeLessThan(1e-4);
  }
}

const base = { dModel: 8, dHead: 4, nLayers: 1, nCtx: 3, dVocab: 6, dVocabOut: 5, dMlp: 12 };

beforeAll(() => startArrays());

describe("lastLogits", () => {
  it("equals forward at the last position, with its gradient, for random configurations", () => {
    const configurations = fc.record({
      nLayers: fc.integer({ min: 0, max: 3 }),
      nCtx: fc.integer({ min: 1, max: 4 }),
      nHeads: fc.integer({ min: 1, max: 3 }),
      actFn: fc.constantFrom(...actFns.filter((name) => name !== "solu_ln")),
      normalizationType: fc.constantFrom(null, null, ...normalizationTypes),
      positionalEmbeddingType: fc.constantFrom("standard", "rotary"),
      attentionDir: fc.constantFrom("causal", "bidirectional"),
      attnOnly: fc.boolean(),
      gatedMlp: fc.boolean(),
      useSplitQkvInput: fc.boolean(),
      useAttnResult: fc.boolean(),
      batch: fc.integer({ min: 1, max: 20 }),
      seed: fc.integer({ min: 0, max: 1000 }),
    });
    fc.assert(
      fc.property(configurations, ({ batch, seed, attnOnly, gatedMlp, ...rest }) => {
        const options = { ...base, ...rest, attnOnly, gatedMlp: gatedMlp && !attnOnly };
        expectEqualWays(
          options as HookedTransformerOptions,
          randomTokens(batch, rest.nCtx, base.dVocab, seed),
        );
      }),
      { numRuns: 24, seed: 1 },
    );
  });

  it.each([
    ["no normalization, every plan", { normalizationType: null }],
    ["LN and solu_ln", { normalizationType: "LN", actFn: "solu_ln" }],
    ["attention only", { normalizationType: null, attnOnly: true }],
    ["two layers", { normalizationType: "RMS", nLayers: 2 }],
  ] as const)("equals forward when every sequence ends in the same token: %s", (_, changes) => {
    for (const batch of [1, 4, 200]) {
      const tokens = randomTokens(batch, 3, 5, 7);
      for (let b = 0; b < batch; b++) tokens.data[3 * b + 2] = 5;
      expectEqualWays({ ...base, ...changes }, tokens);
    }
  });

  it("gives each sequence its logits when all sequences are the same", () => {
    const tokens = nd("int32", [3, 2], [1, 2, 1, 2, 1, 2]);
    expectEqualWays({ ...base, normalizationType: null }, tokens);
  });

  it("takes an absent bias as zero", () => {
    using _scope = scope();
    const { config, weights } = randomWeights({ ...base, normalizationType: "LN" }, 5);
    const tokens = randomTokens(9, 3, 6, 8);
    const isBias = (name: string): boolean => /(^|\.)b(_\w+)?$/.test(name);
    const entries = Object.entries(weights);
    const zeroed = Object.fromEntries(
      entries.map(([name, w]) => [name, isBias(name) ? w.mul(0) : w]),
    );
    const without = Object.fromEntries(entries.filter(([name]) => !isBias(name)));
    expect(Object.keys(without).length).toBe(12);
    const table = tokenTable(tokens);
    const identity = (_name: string, x: Tensor): Tensor => x;
    expect(
      relative(lastLogits(without, config, table), lastLogits(zeroed, config, table)),
    ).toBeLessThan(1e-6);
    const whole = (w: Weights) => forward(w, config, tensor(tokens), identity);
    expect(relative(whole(without), whole(zeroed))).toBeLessThan(1e-6);
  });

  it("refuses sequences longer than nCtx and weights without a matrix", () => {
    const { config, weights } = randomWeights(base, 5);
    expect(() => lastLogits(weights, config, tokenTable(randomTokens(2, 4, 6, 1)))).toThrow(
      'lastLogits: tokens "batch pos" of at most nCtx = 3 positions: expected [2,3], got [2,4]',
    );
    expect(() => forward(weights, config, tensor(randomTokens(2, 4, 6, 1)), (_, x) => x)).toThrow(
      'forward: tokens "batch pos" of at most nCtx = 3 positions: expected [?,3], got [2,4]',
    );
    const { "embed.W_E": _, ...rest } = weights;
    expect(() => lastLogits(rest, config, tokenTable(randomTokens(2, 3, 6, 1)))).toThrow(
      'weights: "embed.W_E" is missing; only a bias may be left out (it is 0)',
    );
  });
});

describe("cheapestTail", () => {
  const modular: TailSizes = {
    batch: 3830,
    rows: 1,
    dHeads: 128,
    dModel: 128,
    dMlp: 512,
    reads: 1,
    dVocabOut: 113,
  };
  it("joins every matrix when the batch is much larger than the model", () => {
    expect(cheapestTail(modular)).toBe("joinAll");
  });
  it("joins nothing for a small batch", () => {
    expect(cheapestTail({ ...modular, batch: 8 })).toBe("separate");
  });
  it("joins only the output when the heads are wider than the residual stream", () => {
    expect(cheapestTail({ ...modular, dHeads: 512 })).toBe("joinOutput");
  });
});
