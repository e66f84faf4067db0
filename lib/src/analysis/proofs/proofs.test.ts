import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nd } from "../../core/nd.ts";
import type { WeightArrays } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { float64 } from "../linalg/index.ts";
import { bruteForce, cubicBound, type MaxCircuits, maxCircuits, subcubicBound } from "./index.ts";
import golden from "./proofs.golden.json" with { type: "json" };
import { countOneByOne, logitsOneByOne } from "./testing/one-by-one.ts";

const longNames: Readonly<Record<string, string>> = {
  W_E: "embed.W_E",
  W_pos: "pos_embed.W_pos",
  W_U: "unembed.W_U",
};

type Golden = (typeof golden.cases)[number];

function weightsOf({ weights }: Golden): WeightArrays {
  return Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => {
      const numbers = new Float32Array(Uint8Array.from(Buffer.from(data, "base64")).buffer);
      const own = longNames[name];
      const full = own ?? `blocks.0.attn.${name}`;
      return [full, nd("float32", own === undefined ? [1, ...shape] : shape, numbers)];
    }),
  );
}

/** Tables of a model that copies by `gain` what it attends to, up to noise: the larger, the more. */
function noisyCircuits(
  { vocab, free, queryCounts }: { vocab: number; free: number; queryCounts: boolean },
  noise: number,
  seed: number,
  gain = 4,
): MaxCircuits {
  const rng = new TorchGenerator(seed);
  const queries = queryCounts ? vocab : 1;
  const table = (
    rows: number,
    columns: number,
    scale: number,
    ideal = (_r: number, _c: number) => 0,
  ) => {
    const drawn = rng.normal(rows * columns, 0, scale);
    return float64(
      [rows, columns],
      Float64Array.from(drawn, (x, i) => x + ideal(Math.floor(i / columns), i % columns)),
    );
  };
  const copy = table(vocab, vocab, noise, (token, out) => (token === out ? gain : 0));
  const keys = table(queries, vocab, noise, (_query, token) => 2 * token);
  return {
    vocab,
    free,
    queryCounts,
    direct: table(queries, vocab, noise),
    copy,
    self: queryCounts ? copy : table(1, vocab, noise),
    position: table(free + 1, vocab, noise / 4),
    keys,
    placeKeys: table(queries, free + 1, noise / 4),
    selfKeys: queryCounts
      ? Float64Array.from({ length: vocab }, (_, i) => keys.data[i * vocab + i] as number)
      : Float64Array.of(-3),
    scoreDivisor: 1,
    work: { flop: 0, count: () => {} },
  };
}

describe.each(golden.cases)("a model from PyTorch, $n of $vocab, $steps steps", (one) => {
  const circuits = maxCircuits(weightsOf(one));

  it("is right on as many sequences as PyTorch counts", () => {
    expect(bruteForce(circuits)).toMatchObject({ correct: one.brute, total: one.vocab ** one.n });
  });

  it("has the cubic bound of the NumPy implementation", () => {
    expect(cubicBound(circuits).correct).toBe(one.cubic);
  });

  it("is right at least as often as every proof says", () => {
    expect(cubicBound(circuits).correct).toBeLessThanOrEqual(one.brute);
    expect(subcubicBound(circuits).correct).toBeLessThanOrEqual(one.brute);
  });
});

describe("the proofs", () => {
  const shapes = fc.record({
    vocab: fc.integer({ min: 2, max: 6 }),
    free: fc.integer({ min: 1, max: 3 }),
    queryCounts: fc.boolean(),
  });

  it("never promise more than brute force finds, and brute force counts as plain loops do", () => {
    let promised = 0;
    let cases = 0;
    fc.assert(
      fc.property(
        shapes,
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.nat(1e6),
        (shape, noise, seed) => {
          const circuits = noisyCircuits(shape, noise, seed);
          const truth = countOneByOne(circuits);
          const [cubic, subcubic] = [cubicBound(circuits), subcubicBound(circuits)];
          expect(bruteForce(circuits).correct).toBe(truth);
          expect(cubic.correct).toBeLessThanOrEqual(truth);
          expect(subcubic.correct).toBeLessThanOrEqual(truth);
          promised += cubic.correct > 0 && subcubic.correct > 0 ? 1 : 0;
          cases += 1;
        },
      ),
      { numRuns: 600, seed: 4 },
    );
    expect(promised / cases).toBeGreaterThan(0.5);
  });

  it("never promise more of models that copy badly or not at all", () => {
    const gains = fc.constantFrom(0, -1, -3);
    const spread = fc.double({ min: 0.5, max: 4, noNaN: true });
    let promised = 0;
    fc.assert(
      fc.property(shapes, spread, gains, fc.nat(1e6), (shape, noise, gain, seed) => {
        const circuits = noisyCircuits(shape, noise, seed, gain);
        const truth = countOneByOne(circuits);
        const bounds = [cubicBound(circuits), subcubicBound(circuits)];
        for (const { correct } of bounds) expect(correct).toBeLessThanOrEqual(truth);
        promised += Math.max(...bounds.map(({ correct }) => correct)) > 0 ? 1 : 0;
      }),
      { numRuns: 1500, seed: 5 },
    );
    expect(promised).toBeGreaterThan(100);
  });

  it("do not let the attention of one number vouch for another", () => {
    const circuits: MaxCircuits = {
      ...noisyCircuits({ vocab: 3, free: 2, queryCounts: false }, 0, 1),
      copy: float64([3, 3], Float64Array.of(0, 0, 10, 0, 0, 0.5, 3, 0, 0)),
      keys: float64([1, 3], Float64Array.of(5, -5, 0)),
      selfKeys: Float64Array.of(-20),
    };
    const truth = countOneByOne(circuits);
    expect(truth).toBe(bruteForce(circuits).correct);
    expect(cubicBound(circuits).correct).toBeLessThanOrEqual(truth);
    expect(subcubicBound(circuits).correct).toBeLessThanOrEqual(truth);
  });

  it.each([true, false])(
    "prove everything of a model without noise (query counts: %s)",
    (queryCounts) => {
      const circuits = noisyCircuits({ vocab: 6, free: 2, queryCounts }, 0, 1);
      expect(cubicBound(circuits).accuracy).toBe(1);
      expect(subcubicBound(circuits).accuracy).toBe(1);
    },
  );

  it("cost less the more they forget", () => {
    const circuits = noisyCircuits({ vocab: 24, free: 3, queryCounts: true }, 0.1, 1);
    const [brute, cubic, subcubic] = [bruteForce, cubicBound, subcubicBound].map(
      (prove) => prove(circuits).flop,
    ) as [number, number, number];
    expect(subcubic * 4).toBeLessThan(cubic);
    expect(cubic * 20).toBeLessThan(brute);
    const leaves = 24 ** 4 * 2 * 24;
    expect(brute).toBeGreaterThan(leaves);
    expect(brute).toBeLessThan(1.1 * leaves);
  });

  it("refuse to run more sequences than can be waited for", () => {
    const circuits = noisyCircuits({ vocab: 30, free: 5, queryCounts: false }, 0, 1);
    expect(() => bruteForce(circuits)).toThrow(
      "bruteForce: at most 16777216 sequences, got 24300000; use cubicBound",
    );
  });
});

describe("maxCircuits", () => {
  const [vocab, width] = [5, 4];
  const random = (shape: readonly number[], seed: number) =>
    nd("float32", shape, new TorchGenerator(seed).normal(shape.reduce((a, b) => a * b, 1)));
  const weights: WeightArrays = {
    "embed.W_E": random([vocab + 1, width], 1),
    "pos_embed.W_pos": random([4, width], 2),
    "blocks.0.attn.W_Q": random([1, width, width], 3),
    "blocks.0.attn.W_K": random([1, width, width], 4),
    "blocks.0.attn.W_V": random([1, width, width], 5),
    "blocks.0.attn.W_O": random([1, width, width], 6),
    "unembed.W_U": random([width, vocab], 7),
  };

  it('add up to the logits of the model, with "=" asking', () => {
    const circuits = maxCircuits(weights);
    expect([circuits.free, circuits.queryCounts]).toEqual([3, false]);
    for (const tokens of [
      [0, 1, 2],
      [4, 4, 1],
      [3, 0, 3],
    ]) {
      const direct = logitsOneByOne(weights, [...tokens, vocab]);
      const { logits } = circuitsLogits(circuits, tokens);
      for (const [out, value] of direct.entries()) expect(logits[out]).toBeCloseTo(value, 10);
    }
  });

  const circuitsLogits = (circuits: MaxCircuits, tokens: readonly number[]) => {
    const { free, direct, copy, self, position, keys, placeKeys, selfKeys } = circuits;
    const scores = tokens.map((t, p) => (keys.data[t] as number) + (placeKeys.data[p] as number));
    scores.push((selfKeys[0] as number) + (placeKeys.data[free] as number));
    const exps = scores.map(Math.exp);
    const sum = exps.reduce((a, b) => a + b, 0);
    const logits = Array.from({ length: vocab }, (_, out) =>
      exps.reduce((total, e, p) => {
        const value = p < free ? copy.data[(tokens[p] as number) * vocab + out] : self.data[out];
        return total + (e / sum) * ((value as number) + (position.data[p * vocab + out] as number));
      }, direct.data[out] as number),
    );
    return { logits };
  };

  it("refuse models that are not of this kind", () => {
    const { "unembed.W_U": _, ...lacking } = weights;
    expect(() => maxCircuits(lacking)).toThrow("maxCircuits: the weight unembed.W_U is missing");
    expect(() => maxCircuits({ ...weights, "unembed.b_U": nd("float32", [2], [0, 1]) })).toThrow(
      "maxCircuits: takes one attention-only layer without norm whose biases are zero, got unembed.b_U",
    );
    expect(() => maxCircuits({ ...weights, "blocks.0.mlp.W_in": random([4, 4], 1) })).toThrow(
      "got blocks.0.mlp.W_in",
    );
    expect(() => maxCircuits({ ...weights, "embed.W_E": random([9, 4], 1) })).toThrow(
      'maxCircuits: W_E (a row per number, and one for "="): expected [5,?], got [9,4]',
    );
    expect(() => maxCircuits({ ...weights, "blocks.0.attn.W_V": random([2, 4, 4], 1) })).toThrow(
      "maxCircuits: W_V of one head: expected [1,?,?], got [2,4,4]",
    );
  });
});
