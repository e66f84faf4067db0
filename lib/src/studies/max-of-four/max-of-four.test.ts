import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { Instruments, type Lab, memoryLab, upTo } from "../../lab/index.ts";
import { planted } from "../../lab/testing/planted.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { batchesOf } from "../../train/index.ts";
import type { Proofs } from "../max-of-two/measure.ts";
import { maxOfFour } from "./index.ts";
import { maxOfFourParams } from "./params.ts";
import { modelSeeds, plans } from "./plan.ts";
import { publishedModels, publishedSpread, spreadOf } from "./published.ts";

const instruments = new Instruments(nativeBackend);
beforeAll(() => init());
afterAll(() => instruments[Symbol.asyncDispose]());

describe("the plan of max-of-four", () => {
  it("draws every batch from the generator of the training seed", () => {
    const batches = batchesOf(plans(maxOfFourParams.parse({})).model as never);
    const numbers = new TorchGenerator(3402695680).randint(0, 64, 2 * 128 * 4);
    const drawn = [batches?.next(), batches?.next()].flatMap((batch) => [
      ...(batch?.tokens.data ?? []),
    ]);
    expect(drawn).toEqual([...numbers]);
  });

  it("takes the seed given and then the published ones, each once", () => {
    expect(modelSeeds({ seed: 123, seeds: 4 })).toEqual([123, 50, 104, 519]);
    expect(modelSeeds({ seed: 104, seeds: 3 })).toEqual([104, 50, 519]);
    expect(Object.keys(plans(maxOfFourParams.parse({ seeds: 3 })))).toEqual([
      ...["model", "seed-50", "seed-104"],
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

  it("are summarized by the sample deviation", () => {
    expect(spreadOf([1, 2, 3])).toEqual({ mean: 2, deviation: 1, furthest: 1 });
  });
});

const read = (from: Lab, params = small, view: object = {}) =>
  readArticle(maxOfFour.article(params, from, maxOfFour.view.parse(view)));

const small = maxOfFourParams.parse(maxOfFour.smoke);

describe("a small run of max-of-four", () => {
  let lab: Lab;
  beforeAll(() => {
    lab = memoryLab(maxOfFour, small, instruments);
  });

  it("proves something about every model, never more than is true", async () => {
    const page = await read(lab);
    expect(page.metrics).toMatchSnapshot();
    expect(page.claims.map(({ id }) => id)).toEqual([
      ...["cubic-bound-123", "subcubic-bound-123", "cubic-bound-50", "subcubic-bound-50"],
      "derived-seeds",
    ]);
    expect(page.claims.every(({ holds }) => holds)).toBe(true);
    const figures = page.sections.flatMap(({ items }) => items).filter((i) => i.kind === "figure");
    expect(figures.map(({ id }) => id)).toEqual([
      ...["loss", "scores", "size-direction", "copy", "proof-cost"],
    ]);
  });

  it("finds no mechanism in networks that were not trained", async () => {
    const page = await read(upTo(lab, 0));
    expect(page.findings.filter(({ kind, holds }) => kind === "mechanism" && holds)).toEqual([]);
    expect(JSON.stringify(page.sections)).not.toMatch(/NaN|undefined|no number|no share/);
  });

  it("answers a sequence of the reader's, and refuses one that it cannot read", async () => {
    const page = await read(lab, small, { sequence: [3, 9, 1] });
    const own = page.sections.find(({ title }) => title === "Your numbers: 3, 9, 1");
    expect(own?.items.map(({ kind }) => kind)).toEqual(["prose", "figure"]);
    await expect(read(lab, small, { sequence: [3, 10, 1] })).rejects.toThrow(
      "max-of-four: sequence must be 3 numbers from 0 to 9, got 3,10,1",
    );
  });
});

describe("the published configuration", () => {
  const params = maxOfFourParams.parse({ evalEvery: 3000, checkpointEvery: 3000 });
  let lab: Lab;
  beforeAll(() => {
    lab = memoryLab(maxOfFour, params, instruments);
  });

  it("trains to a model of the published kind, with every proof below its accuracy", async () => {
    const page = await read(lab, params);
    expect(page.claims.filter(({ holds }) => !holds)).toEqual([]);
    expect(page.claims.map(({ id }) => id)).toContain("cubic-each");
    expect(page.metrics.subcubicBound).toBeGreaterThan(0.85);
  }, 120_000);

  it("notices models outside the published distribution", async () => {
    const wrong = { total: 64 ** 4, flop: 1 };
    const strange = planted(lab, "proofs", (_: Proofs) => ({
      bruteForce: { ...wrong, correct: wrong.total / 2, accuracy: 0.5 },
      cubic: { ...wrong, correct: wrong.total, accuracy: 1 },
      subcubic: { ...wrong, correct: wrong.total, accuracy: 1 },
    }));
    const { claims } = await read(strange, params);
    expect(claims.filter(({ holds }) => !holds).map(({ id }) => id)).toEqual([
      ...["cubic-bound-123", "subcubic-bound-123", "brute-force-each", "cubic-each"],
    ]);
  });
});
