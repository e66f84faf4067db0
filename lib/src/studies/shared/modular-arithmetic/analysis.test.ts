import { describe, expect, it } from "vitest";
import { float64 } from "../../../analysis/linalg/index.ts";
import { furthest, noise, noiseRng, onInputs } from "../../../analysis/testing/numbers.ts";
import { analyzeModularAddition, type ModularAdditionInput } from "./analysis.ts";

const p = 11;
const key = 3;
const w = (2 * Math.PI * key) / p;

/** A model that adds with frequency 3 alone: neurons cos, sin of w(a + b), logits cos w(a + b - c). */
function ideal(): ModularAdditionInput {
  const W_E = float64([p + 1, 2]);
  const W_U = float64([2, p + 1]);
  for (let x = 0; x < p; x++) {
    W_E.data.set([Math.cos(w * x), Math.sin(w * x)], 2 * x);
    W_U.data[x] = 9 * Math.cos(w * x);
    W_U.data[p + 1 + x] = 9 * Math.sin(w * x);
  }
  W_U.data[p] = 50;
  const identity = float64([2, 2], Float64Array.of(1, 0, 0, 1));
  const oneHead = float64([1, 2, 2], identity.data);
  return {
    p,
    logits: onInputs(p, p + 1, (a, b, c) => (c === p ? -9 : 9 * Math.cos(w * (a + b - c)))),
    neuronActivations: onInputs(
      p,
      3,
      (a, b, j) => [Math.cos(w * (a + b)), Math.sin(w * (a + b)), 2][j]!,
    ),
    attention: float64(
      [p * p, 1, 3],
      new Float64Array(3 * p * p).map((_, at) => (at % 3 < 2 ? 0.5 : 0)),
    ),
    W_E,
    W_U,
    W_in: float64([2, 3], Float64Array.of(1, 0, 0, 0, 1, 0)),
    W_out: float64([3, 2], Float64Array.of(1, 0, 0, 1, 0, 0)),
    W_V: oneHead,
    W_O: oneHead,
    trainIndices: [0, 5, 17, 60, 120],
  };
}

describe("analyzeModularAddition", () => {
  it("finds the one frequency of an ideal model everywhere, and all shares are 1", () => {
    const analysis = analyzeModularAddition(ideal());
    expect(analysis.keyFrequencies).toEqual([key]);
    const { embedding, unembedding, neurons, logits } = analysis.found;
    expect([embedding, unembedding, neurons, logits]).toEqual([[key], [key], [key], [key]]);
    const { summary } = analysis;
    const shares = [summary.embedding, summary.unembedding, summary.logitMap];
    expect(
      furthest([...shares, summary.neuronVariance, summary.logits], [1, 1, 1, 1, 1]),
    ).toBeLessThan(1e-12);
    expect(summary.uniform).toBeCloseTo(2 / 10, 14);
    expect(summary.uniformNeuronVariance).toBeCloseTo(8 / 120, 14);
    expect(summary.meanNeuronFraction).toBeCloseTo(1, 12);
    expect(summary.wellExplainedNeurons).toBeCloseTo(2 / 3, 14);
    expect(analysis.neurons.dead).toEqual([2]);
    expect(analysis.neuronInput?.map(({ shares: of }) => of[key - 1])).toEqual([
      expect.closeTo(1, 12),
    ]);
  });

  it("measures what the model does: accuracy, restricted loss equal to full, excluded loss at chance", () => {
    const { performance, progress } = analyzeModularAddition(ideal());
    expect(performance.accuracy).toEqual({ all: 1, train: 1, test: 1 });
    expect(performance.loss.all).toBeGreaterThan(progress.full.all);
    expect(progress.restricted.all).toBeCloseTo(progress.full.all, 12);
    expect(progress.excluded.all).toBeCloseTo(Math.log(p), 12);
    expect(progress.giniEmbedding).toBeCloseTo((p - 2) / p, 12);
  });

  it("returns what the figures draw, in its shapes", () => {
    const input = { ...ideal(), neuronPreActivations: noise([p * p, 3], 1) };
    const analysis = analyzeModularAddition(input, { neurons: [1], rng: noiseRng(2) });
    expect(analysis.neurons.maps.shape).toEqual([1, p, p]);
    expect(analysis.neurons.preActivationMaps?.shape).toEqual([1, p, p]);
    expect(analysis.neurons.transformedMaps.shape).toEqual([1, p, p]);
    expect(analysis.neurons.fractions.shape).toEqual([5, 3]);
    expect(analysis.neurons.sortedFractions[0]).toBe(0);
    expect([...analysis.attention.mean.data]).toEqual([0.5, 0.5, 0]);
    expect(analysis.attention.toFirst.shape).toEqual([1, p, p]);
    expect(analysis.embedding.svd.S).toHaveLength(2);
    expect(analysis.embedding.control?.U.shape).toEqual([p, 2]);
    expect(analysis.embedding.products.names).toEqual(["cos 3", "sin 3"]);
    expect(analysis.interference.mean[0]).toBeCloseTo(Math.sqrt(2 / p), 14);
  });

  it("leaves out what it was not given", () => {
    const { W_V: _, ...input } = ideal();
    const analysis = analyzeModularAddition(input);
    expect(analysis.neuronInput).toBeNull();
    expect(analysis.embedding.control).toBeNull();
    expect(analysis.neurons.preActivationMaps).toBeNull();
    expect(analysis.progress.sumOfSquaredWeights).toBeNull();
    expect(analysis.neurons.shown).toEqual([0, 1, 2]);
  });

  it("takes key frequencies from elsewhere, by another rule, or as given", () => {
    const input = { ...ideal(), W_U: noise([2, p + 1], 3) };
    expect(analyzeModularAddition(input, { keyFrom: "logits" }).keyFrequencies).toEqual([key]);
    const given = analyzeModularAddition(input, { keyFrequencies: [1, 2] });
    expect(given.keyFrequencies).toEqual([1, 2]);
    expect(given.summary.embedding).toBeCloseTo(0, 12);
    const rule = { kind: "atLeast", share: 2 } as const;
    expect(analyzeModularAddition(ideal(), { rule }).keyFrequencies).toEqual([]);
  });

  it("refuses arrays that do not fit p", () => {
    expect(() => analyzeModularAddition({ ...ideal(), attention: float64([5, 1, 3]) })).toThrow(
      'attentionMaps "batch head src": expected [121,1,3], got [5,1,3]',
    );
    expect(() => analyzeModularAddition({ ...ideal(), W_E: float64([5, 2]) })).toThrow(
      "W_E (rows 0 to 11): expected [11,2], got [5,2]",
    );
    expect(() => analyzeModularAddition({ ...ideal(), logits: float64([121, 10]) })).toThrow(
      "logits (first 11 columns): expected [?,11], got [121,10]",
    );
  });
});
