import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { nd } from "../../core/nd.ts";
import { curvesOf, fileLab, Instruments, trainInMemory, valueAt } from "../../lab/index.ts";
import { hookedTransformer, type WeightArrays } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { circuits, falls } from "./measure.ts";
import { maxOfTwoParams } from "./params.ts";
import { derivedSeeds, maxModelConfig, plan } from "./plan.ts";

const instruments = new Instruments(nativeBackend);
beforeAll(() => init());
afterAll(() => instruments[Symbol.asyncDispose]());

const planOf = (params: object) => plan(maxOfTwoParams.parse(params));

describe("the plan of max-of-two", () => {
  it("derives the notebook's seeds and trains on the 408 forced pairs, biases frozen", () => {
    expect(derivedSeeds(123)).toEqual({
      model: 613947648,
      dataset: 1914904320,
      train: 3402695680,
      test: 3741094656,
    });
    const own = planOf({});
    expect(own.split.train.labels.shape).toEqual([408]);
    expect(own.split.test.labels.shape).toEqual([3688]);
    const moving = Object.keys(own.initial).filter((name) => !own.frozen?.includes(name));
    expect(moving.map((name) => name.replace(/.*\./, ""))).toEqual([
      "W_E",
      "W_pos",
      "W_Q",
      "W_K",
      "W_V",
      "W_O",
      "W_U",
    ]);
  });

  it("has the losses of PyTorch from the same seeds over the first 250 updates", async () => {
    const own = planOf({ steps: 250, checkpointEvery: 250 });
    const curves = curvesOf((await trainInMemory(own, instruments)).rows);
    const loss = (step: number, part: "trainLoss" | "testLoss") =>
      valueAt(curves, part, step) as number;
    expect(Math.abs(loss(0, "trainLoss") - 4.17691)).toBeLessThan(1e-5);
    expect(Math.abs(loss(1, "testLoss") - 4.17175)).toBeLessThan(1e-5);
    expect(Math.abs(loss(100, "testLoss") - 3.358)).toBeLessThan(1e-3);
    expect(Math.abs(loss(250, "testLoss") - 1.433)).toBeLessThan(2e-3);
  });
});

/** The circuits of some weights, as a lab of a lone file measures them. */
async function circuitsOf(weights: WeightArrays) {
  const tokens = weights["embed.W_E"]?.shape[0] as number;
  const config = maxModelConfig({ n: 2, vocab: 5, equals: tokens > 5 }, 4);
  const biases = hookedTransformer.init({ ...config, nCtx: 3 }, new TorchGenerator(0));
  const file = {
    model: hookedTransformer,
    config: { ...config, nCtx: 3 },
    weights: { ...biases, ...weights },
    sha256: String(tokens),
  };
  const lab = await fileLab(file, instruments);
  return (await lab.training()).at().measure(circuits);
}

describe("circuits", () => {
  const [vocab, width] = [5, 4];
  const random = (shape: readonly number[], seed: number) =>
    nd("float32", shape, new TorchGenerator(seed).normal(shape.reduce((a, b) => a * b, 1)));
  const weights = (tokens: number): WeightArrays => ({
    "embed.W_E": random([tokens, width], 1),
    "pos_embed.W_pos": random([3, width], 2),
    "blocks.0.attn.W_Q": random([1, width, width], 3),
    "blocks.0.attn.W_K": random([1, width, width], 4),
    "blocks.0.attn.W_V": random([1, width, width], 5),
    "blocks.0.attn.W_O": random([1, width, width], 6),
    "unembed.W_U": random([width, vocab], 7),
  });
  const row = (table: WeightArrays, name: string, i: number): number[] => [
    ...(table[name]?.data.subarray(i * width, (i + 1) * width) ?? []),
  ];
  const times = (x: readonly number[], m: ArrayLike<number>, columns: number): number[] =>
    Array.from({ length: columns }, (_, j) =>
      x.reduce((sum, value, i) => sum + value * (m[i * columns + j] as number), 0),
    );
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  const add = (a: readonly number[], b: readonly number[], factor = 1) =>
    a.map((value, i) => value + factor * (b[i] as number));

  it("is the notebook's QK, OV and positional QK, by their formulas", async () => {
    const w = weights(vocab + 1);
    const matrix = (name: string) => w[name]?.data as ArrayLike<number>;
    const query = add(row(w, "embed.W_E", vocab), row(w, "pos_embed.W_pos", 2));
    const asked = times(query, matrix("blocks.0.attn.W_Q"), width);
    const score = (x: readonly number[]) =>
      dot(asked, times(x, matrix("blocks.0.attn.W_K"), width));
    const places = [0, 1].map((pos) => row(w, "pos_embed.W_pos", pos));
    const meanPlace = add(places[0] as number[], places[1] as number[]).map((x) => x / 2);
    const reading = await circuitsOf(w);
    for (let token = 0; token < vocab; token++) {
      const x = add(row(w, "embed.W_E", token), meanPlace);
      expect(reading.qk[token]).toBeCloseTo(score(x) - score(query), 5);
      const value = times(x, matrix("blocks.0.attn.W_V"), width);
      const ov = times(
        times(value, matrix("blocks.0.attn.W_O"), width),
        matrix("unembed.W_U"),
        vocab,
      );
      for (const [out, logit] of ov.entries()) {
        expect(reading.ov.data[token * vocab + out]).toBeCloseTo(logit, 5);
        expect(reading.centered.data[token * vocab + out]).toBeCloseTo(
          logit - (ov[token] as number),
          5,
        );
      }
    }
    for (const [pos, place] of places.entries()) {
      expect(reading.positionQk[pos]).toBeCloseTo(score(add(place, meanPlace, -1)), 5);
    }
    expect(falls([1, 2, 2, 1, 3])).toBe(2);
    const least = Math.exp(Math.min(...reading.qk) / Math.sqrt(width));
    expect(reading.mostSelfAttention).toBeCloseTo(1 / (1 + 2 * least), 10);
  });

  it('refuses a model without "="', async () => {
    await expect(circuitsOf(weights(vocab))).rejects.toThrow(
      'max-of-two: the model must have a token "=" that asks; use max-of-four',
    );
  });
});
