import { beforeAll, describe, expect, it } from "vitest";
import { maxCircuits } from "../../analysis/index.ts";
import { init } from "../../arrays/index.ts";
import { type Backend, nativeBackend } from "../../compile/index.ts";
import type { Claim } from "../../core/claim.ts";
import { nd } from "../../core/nd.ts";
import type { WeightArrays } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import type { TrainingPlan } from "../../train/index.ts";
import { resultsOf, trained } from "../testing/in-memory.ts";
import { maxOfTwo } from "./index.ts";
import { maxOfTwoParams } from "./params.ts";
import { derivedSeeds } from "./plan.ts";
import { readCircuits, violations } from "./reading.ts";
import type { MaxOfTwoResults } from "./results.ts";

let backend: Backend;

beforeAll(async () => {
  await init();
  backend = await nativeBackend();
});

const planOf = (params: object): TrainingPlan => maxOfTwo.plan(maxOfTwoParams.parse(params));

describe("the plan of max-of-two", () => {
  it("derives the notebook's seeds and trains on the 408 forced pairs, biases frozen", () => {
    expect(derivedSeeds(123)).toEqual({
      model: 613947648,
      dataset: 1914904320,
      train: 3402695680,
      test: 3741094656,
    });
    const plan = planOf({});
    expect(plan.split.train.labels.shape).toEqual([408]);
    expect(plan.split.test.labels.shape).toEqual([3688]);
    const moving = Object.keys(plan.initial).filter((name) => !plan.frozen.includes(name));
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
    const { metrics } = await trained(planOf({ steps: 250, checkpointEvery: 250 }), backend);
    const loss = (step: number, part: "trainLoss" | "testLoss") =>
      metrics.find((row) => row.step === step)?.[part] as number;
    expect(Math.abs(loss(0, "trainLoss") - 4.17691)).toBeLessThan(1e-5);
    expect(Math.abs(loss(1, "testLoss") - 4.17175)).toBeLessThan(1e-5);
    expect(Math.abs(loss(100, "testLoss") - 3.358)).toBeLessThan(1e-3);
    expect(Math.abs(loss(250, "testLoss") - 1.433)).toBeLessThan(2e-3);
  });
});

describe("a small run of max-of-two", () => {
  const params = maxOfTwoParams.parse(maxOfTwo.smoke);
  let results: MaxOfTwoResults;

  beforeAll(async () => {
    results = await resultsOf(maxOfTwo, params, backend);
  });

  it("follows every checkpoint, with bounds that the accuracy never falls below", () => {
    const { history } = results;
    expect(history?.steps).toEqual([0, 20, 40, 60]);
    expect(history?.scores.shape).toEqual([4, 12]);
    for (const [i, accuracy] of history?.accuracy?.entries() ?? []) {
      expect(history?.cubic[i]).toBeLessThanOrEqual(accuracy);
      expect(history?.subcubic[i]).toBeLessThanOrEqual(accuracy);
    }
  });

  it("agrees with the trainer on how many sequences are right", () => {
    const { train, test } = results.split;
    const last = (values: readonly number[]) => values.at(-1) as number;
    const { trainAccuracy, testAccuracy } = results.curves;
    const right = last(trainAccuracy) * train.count + last(testAccuracy) * test.count;
    expect(Math.abs(right - (results.proofs.bruteForce?.correct as number))).toBeLessThanOrEqual(1);
  });

  it("claims the theorems, and nothing published of other settings", () => {
    const claims = maxOfTwo.claims(params, results);
    expect(claims.map(({ id }) => id)).toEqual(["derived-seeds", "cubic-bound", "subcubic-bound"]);
    expect(claims.every(({ holds }) => holds)).toBe(true);
  });

  it("claims nothing about the data of weights whose seed is not known", () => {
    const unknown = { ...results, dataKnown: false };
    const claims = maxOfTwo.claims(params, unknown);
    expect(claims.map(({ id }) => id)).toEqual(["cubic-bound", "subcubic-bound"]);
    expect(maxOfTwo.knowsData?.({ given: new Set(["seed"]), beside: {} })).toBe(true);
    expect(maxOfTwo.knowsData?.({ given: new Set(), beside: {} })).toBe(false);
  });

  it("writes an article whose animation has one frame for each checkpoint", () => {
    const sections = maxOfTwo.report(params, results);
    const figures = sections.flatMap((section) => section.figures);
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
    const animation = figures.find(({ id }) => id === "animation")?.figure;
    expect(animation?.frames?.map(({ name }) => name)).toEqual(["0", "20", "40", "60"]);
    expect(JSON.stringify(sections)).not.toMatch(/NaN|undefined|null %/);
  });

  it("notices claims that do not hold", () => {
    const defaults = maxOfTwoParams.parse({});
    const broken: MaxOfTwoResults = {
      ...results,
      seeds: { ...results.seeds, train: 1 },
      reading: {
        ...results.reading,
        summary: { ...results.reading.summary, qkViolations: 1, diagonalRows: 63 },
      },
      proofs: {
        ...results.proofs,
        cubic: { ...results.proofs.cubic, correct: 1e9 },
        subcubic: { ...results.proofs.subcubic, correct: 1e9 },
      },
    };
    const failed = maxOfTwo.claims(defaults, broken).filter(({ holds }: Claim) => !holds);
    expect(failed.length).toBe(maxOfTwo.claims(defaults, broken).length);
  });
});

describe("readCircuits", () => {
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

  it("is the notebook's QK, OV and positional QK, by their formulas", () => {
    const w = weights(vocab + 1);
    const matrix = (name: string) => w[name]?.data as ArrayLike<number>;
    const query = add(row(w, "embed.W_E", vocab), row(w, "pos_embed.W_pos", 2));
    const asked = times(query, matrix("blocks.0.attn.W_Q"), width);
    const score = (x: readonly number[]) =>
      dot(asked, times(x, matrix("blocks.0.attn.W_K"), width));
    const places = [0, 1].map((pos) => row(w, "pos_embed.W_pos", pos));
    const meanPlace = add(places[0] as number[], places[1] as number[]).map((x) => x / 2);
    const reading = readCircuits(maxCircuits(w));
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
        expect(reading.ovCentred.data[token * vocab + out]).toBeCloseTo(
          logit - (ov[token] as number),
          5,
        );
      }
    }
    for (const [pos, place] of places.entries()) {
      expect(reading.positionQk[pos]).toBeCloseTo(score(add(place, meanPlace, -1)), 5);
    }
    expect(reading.summary.qkViolations).toBe(violations(reading.qk));
    const least = Math.exp(Math.min(...reading.qk) / Math.sqrt(width));
    expect(reading.summary.mostSelfAttention).toBeCloseTo(1 / (1 + 2 * least), 10);
  });

  it('refuses a model without "="', () => {
    expect(() => readCircuits(maxCircuits(weights(vocab)))).toThrow(
      'max-of-two: the model must have a token "=" that asks; use max-of-four',
    );
  });
});
