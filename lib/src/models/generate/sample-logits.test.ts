import { describe, expect, it } from "vitest";
import golden from "../../../goldens/hooked_transformer.golden.json" with { type: "json" };
import { nd } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { sampleLogits, samplingProbabilities } from "./sample-logits.ts";

const { sampling } = golden;
const logits = nd("float32", [2, 6], sampling.logits.flat());
const tokens = nd("int32", [2, 4], sampling.tokens.flat());
const one = nd("float32", [1, 3], [0, 1, 2]);

describe("samplingProbabilities", () => {
  it.each(sampling.cases)("are what TransformerLens draws from: $options", (item) => {
    const { data } = samplingProbabilities(logits, { ...item.options, tokens });
    for (const [i, p] of item.probabilities.entries()) expect(data[i]).toBeCloseTo(p, 6);
  });

  it("keep every logit that equals the k-th largest", () => {
    const ties = nd("float32", [1, 4], [2, 1, 1, 0]);
    const { data } = samplingProbabilities(ties, { topK: 2 });
    expect([...data].map((p) => p > 0)).toEqual([true, true, true, false]);
  });
});

describe("sampleLogits", () => {
  it("draws each token as often as its probability says", () => {
    const draws = 20_000;
    const row = [0, 1, 2, -1, 0.5];
    const many = nd("float32", [draws, 5], new Array<number[]>(draws).fill(row).flat());
    const options = { temperature: 0.8, topP: 0.95 };
    const { data } = sampleLogits(many, { ...options, rng: new TorchGenerator(7) });
    const { data: want } = samplingProbabilities(nd("float32", [1, 5], row), options);
    // The sum over classes of (count - expected)^2 / expected; 99.9 % of the time below 18.5.
    const chi = [...want].reduce((sum, p, token) => {
      const count = data.filter((x) => x === token).length;
      if (p === 0) return sum + count;
      return sum + (count - p * draws) ** 2 / (p * draws);
    }, 0);
    expect(chi).toBeLessThan(18.5);
  });

  it("is decided by the generator, and takes one uniform number for each row", () => {
    const rng = new TorchGenerator(3);
    const [u, v] = new TorchGenerator(3).uniform(2) as unknown as [number, number];
    const halves = nd("float32", [2, 2], [0, 0, 0, 0]);
    expect([...sampleLogits(halves, { rng }).data]).toEqual([u < 0.5 ? 0 : 1, v < 0.5 ? 0 : 1]);
  });

  it("takes the first largest logit at temperature 0, without a generator", () => {
    const ties = nd("float32", [2, 3], [1, 5, 5, -1, -2, -3]);
    expect([...sampleLogits(ties, { temperature: 0 }).data]).toEqual([1, 0]);
  });

  it.each([
    [{}, "sampleLogits: sampling needs rng, got none"],
    [{ temperature: -1 }, "sampleLogits: temperature must be 0 or more, got -1"],
    [{ topK: 0 }, "sampleLogits: topK must be a positive integer, got 0"],
    [{ topP: 1.5 }, "sampleLogits: topP must be in (0, 1], got 1.5"],
    [{ freqPenalty: -1 }, "sampleLogits: freqPenalty must be 0 or more, got -1"],
    [{ repetitionPenalty: 0 }, "sampleLogits: repetitionPenalty must be more than 0, got 0"],
    [{ freqPenalty: 1 }, "sampleLogits: a penalty needs tokens, got none"],
  ])("refuses %o", (options, message) => {
    expect(() => sampleLogits(one, options)).toThrow(message);
  });

  it.each([
    [[Number.NaN, 1, 2], "logits must be numbers below Infinity, got NaN for token 0 of row 0"],
    [[1, 2, Number.NaN], "got NaN for token 2 of row 0"],
    [[Infinity, 1, 2], "got Infinity for token 0 of row 0"],
    [
      [-Infinity, -Infinity, -Infinity],
      "row 0 has no token to choose, all its logits are -Infinity",
    ],
  ])("refuses logits %s, sampling or not", (row, message) => {
    const bad = nd("float32", [1, 3], row);
    expect(() => sampleLogits(bad, { rng: new TorchGenerator(0) })).toThrow(message);
    expect(() => sampleLogits(bad, { temperature: 0 })).toThrow(message);
    expect(() => samplingProbabilities(bad, {})).toThrow(message);
  });

  it("takes -Infinity for impossible, and temperatures near 0 for none", () => {
    const masked = nd("float32", [1, 3], [-Infinity, 1, 1]);
    expect([...samplingProbabilities(masked, {}).data]).toEqual([0, 0.5, 0.5]);
    expect([...samplingProbabilities(one, { temperature: 1e-320 }).data]).toEqual([0, 0, 1]);
  });

  it.each([
    [{ temperature: Infinity }, "temperature must be 0 or more, got Infinity"],
    [{ topP: Number.NaN }, "topP must be in (0, 1], got NaN"],
    [{ top_k: 1 }, 'sampleLogits: unknown option "top_k"; did you mean topK, topP'],
    [
      { freqPenalty: 1, tokens: nd("int32", [1, 1], [3]) },
      "sampleLogits: tokens must be whole numbers in [0, 3), got 3 at [0,0]",
    ],
    [
      { freqPenalty: 1, tokens: nd("int32", [2, 1], [0, 1]) },
      'sampleLogits: tokens "batch pos": expected [1,?], got [2,1]',
    ],
  ])("refuses %o too", (options, message) => {
    expect(() => sampleLogits(one, { rng: new TorchGenerator(0), ...options })).toThrow(message);
  });

  it("refuses logits that are not rows", () => {
    expect(() => sampleLogits(nd("float32", [3], [0, 1, 2]), { temperature: 0 })).toThrow(
      'sampleLogits: logits "batch d_vocab_out": expected [?,?], got [3]',
    );
  });
});
