import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Backend, nativeBackend } from "../../compile/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { batchesOf } from "../../train/index.ts";
import { resultsOf } from "../testing/in-memory.ts";
import { publishedSpread, spreadOf } from "./claims.ts";
import { maxOfFour } from "./index.ts";
import { maxOfFourParams } from "./params.ts";
import { modelSeeds } from "./plan.ts";
import { publishedModels } from "./published.ts";
import type { MaxOfFourResults } from "./results.ts";

let backend: Backend;

beforeAll(async () => {
  await init();
  backend = await nativeBackend();
});

describe("the plan of max-of-four", () => {
  it("draws every batch from the generator of the training seed", () => {
    const batches = batchesOf(maxOfFour.plan(maxOfFourParams.parse({})));
    const numbers = new TorchGenerator(3402695680).randint(0, 64, 2 * 128 * 4);
    const drawn = [batches?.next(), batches?.next()].flatMap((batch) => [
      ...(batch?.tokens.data ?? []),
    ]);
    expect(drawn).toEqual([...numbers]);
  });

  it("takes the seed given and then the published ones, each once", () => {
    expect(modelSeeds({ seed: 123, seeds: 4 })).toEqual([123, 50, 104, 519]);
    expect(modelSeeds({ seed: 104, seeds: 3 })).toEqual([104, 50, 519]);
    expect(Object.keys(maxOfFour.companions?.(maxOfFourParams.parse({ seeds: 3 })) ?? {})).toEqual([
      "seed-50",
      "seed-104",
    ]);
  });
});

describe("the published models", () => {
  it("have the means and deviations of the paper's table", () => {
    expect(publishedModels.length).toBe(150);
    expect(new Set(publishedModels.map(([seed]) => seed)).size).toBe(150);
    const { bruteForce, cubic } = publishedSpread;
    expect(bruteForce.mean).toBeCloseTo(0.9992, 4);
    expect(bruteForce.deviation).toBeCloseTo(0.0015, 4);
    expect(Math.abs(cubic.mean - 0.9531)).toBeLessThan(1e-4);
    expect(cubic.deviation).toBeCloseTo(0.0087, 4);
    expect(publishedModels.every(([, correct, bound]) => bound <= correct)).toBe(true);
  });

  it("are summarised by the sample deviation", () => {
    expect(spreadOf([1, 2, 3])).toEqual({ mean: 2, deviation: 1, furthest: 1 });
  });
});

describe("a small run of max-of-four", () => {
  const params = maxOfFourParams.parse(maxOfFour.smoke);
  let results: MaxOfFourResults;

  beforeAll(async () => {
    results = await resultsOf(maxOfFour, params, backend);
  });

  it("proves something about every model, never more than is true", () => {
    expect(results.models.map(({ seed }) => seed)).toEqual([123, 50]);
    const claims = maxOfFour.claims(params, results);
    expect(claims.map(({ id }) => id)).toEqual([
      "derived-seeds",
      ...["cubic-bound-123", "subcubic-bound-123", "cubic-bound-50", "subcubic-bound-50"],
    ]);
    expect(claims.every(({ holds }) => holds)).toBe(true);
  });

  it("writes an article without the published models, which answer another question", () => {
    const figures = maxOfFour.report(params, results).flatMap((section) => section.figures);
    expect(figures.map(({ id }) => id)).toEqual([
      ...["loss", "scores", "size-direction", "copy", "proof-cost"],
    ]);
  });

  it("notices models outside the published distribution", () => {
    const defaults = maxOfFourParams.parse({});
    const strange = results.models.map((model) => ({
      ...model,
      proofs: {
        bruteForce: { correct: 1, total: 2, accuracy: 0.5, flop: 1 },
        cubic: { correct: 2, total: 2, accuracy: 1, flop: 1 },
        subcubic: { correct: 2, total: 2, accuracy: 1, flop: 1 },
      },
    }));
    const models = [...strange, ...strange, ...strange];
    const claims = maxOfFour.claims(defaults, { ...results, models });
    const failed = claims.filter(({ holds }) => !holds).map(({ id }) => id);
    expect(failed.slice(0, 4)).toEqual([
      ...["brute-force-each", "brute-force-mean", "cubic-each", "cubic-mean"],
    ]);
    expect(failed.length).toBe(claims.length - 1);
  });
});

describe("the published configuration", () => {
  it("trains to a model of the published kind, with every proof below its accuracy", async () => {
    const params = maxOfFourParams.parse({ evalEvery: 3000, checkpointEvery: 3000 });
    const results = await resultsOf(maxOfFour, params, backend);
    const claims = maxOfFour.claims(params, results);
    expect(claims.filter(({ holds }) => !holds)).toEqual([]);
    expect(claims.map(({ id }) => id)).toContain("cubic-each");
    const { subcubic, cubic } = results.models[0]?.proofs ?? {};
    expect(subcubic?.accuracy).toBeGreaterThan(0.85);
    expect((subcubic?.flop as number) * 5).toBeLessThan(cubic?.flop as number);
  }, 120_000);
});
