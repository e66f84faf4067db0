import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { nativeBackend } from "../../compile/backends/native/index.ts";
import type { Backend } from "../../compile/index.ts";
import { nd } from "../../core/nd.ts";
import { type MetricsRow, train } from "../../train/index.ts";
import { allPairs, modularSplit, pairIndices } from "../modular-arithmetic/split.ts";
import { resultsOf } from "../testing/in-memory.ts";
import { modularAddition } from "./index.ts";
import type { ModularAdditionParams } from "./params.ts";
import { publishedClaims, publishedRun } from "./published.ts";

const data = new URL("../../../../../shared/data/", import.meta.url);
const absent = !existsSync(new URL("progress-measures/", data));

let backend: Backend;
beforeAll(async () => {
  await init();
  backend = await nativeBackend();
});

const paramsOf = (changes: Partial<ModularAdditionParams> = {}): ModularAdditionParams =>
  modularAddition.params.parse(changes);

const { claims, report, metrics } = modularAddition;

describe("the split", () => {
  it("is a partition of all pairs, with either generator", () => {
    for (const splitGenerator of ["torch", "python"] as const) {
      const { train, test } = modularSplit(paramsOf({ p: 11, splitGenerator }));
      const seen = [...pairIndices(train, 11), ...pairIndices(test, 11)];
      expect(seen.sort((a, b) => a - b)).toEqual([...Array(121).keys()]);
      expect(train.labels.data.length).toBe(36);
    }
  });

  it("of Python's generator is another one", () => {
    const first = (splitGenerator: "torch" | "python") =>
      pairIndices(modularSplit(paramsOf({ splitGenerator })).train, 113)[0];
    expect(first("python")).not.toBe(first("torch"));
  });

  it("refuses a fraction that leaves one part empty", () => {
    expect(() =>
      modularSplit(paramsOf({ p: 2, trainFraction: 0.1, splitGenerator: "python" })),
    ).toThrow("trainFraction: must leave both train and test examples, got 0.1");
    expect(() => paramsOf({ trainFraction: 1 })).toThrow();
  });

  it("lists pairs in the order of their index", () => {
    expect([...allPairs(3).data.subarray(0, 12)]).toEqual([0, 0, 3, 0, 1, 3, 0, 2, 3, 1, 0, 3]);
  });
});

describe("training in float64", () => {
  it("gives PyTorch's losses to 12 digits (lib/goldens/modular_addition_replay.py float64)", async () => {
    const golden = [
      [0, 4.734957877059251, 4.733274405539411],
      [1, 4.726780180304191, 4.732441057200506],
      [5, 4.713929843539879, 4.743342231491391],
      [10, 4.702231932448598, 4.75243115198764],
    ] as const;
    const params = paramsOf({ float64Steps: 10, steps: 10, evalEvery: 1, checkpointEvery: 10 });
    const rows = new Map<number, MetricsRow>();
    for await (const event of train(modularAddition.plan(params), backend)) {
      if (event.kind === "metrics") rows.set(event.row.step, event.row);
    }
    for (const [step, trainLoss, testLoss] of golden) {
      expect(Math.abs((rows.get(step)?.trainLoss as number) / trainLoss - 1)).toBeLessThan(1e-12);
      expect(Math.abs((rows.get(step)?.testLoss as number) / testLoss - 1)).toBeLessThan(1e-12);
    }
  });
});

describe("weights from a file", () => {
  const shaped = (outputs: number) => ({
    "unembed.W_U": nd("float32", [1, outputs], new Float32Array(outputs)),
  });

  it("may have one answer more than p, as published runs do, and no other number", () => {
    const params = paramsOf({ p: 11 });
    const { fit } = modularAddition;
    const nothing = { given: new Set<string>(), beside: {} };
    expect(fit?.(params, shaped(11), nothing)).toEqual(params);
    expect(fit?.(params, shaped(12), nothing)).toEqual({ ...params, outputs: 12 });
    expect(fit?.(params, shaped(13), nothing)).toEqual(params);
    expect(modularAddition.plan(paramsOf({ p: 11, outputs: 12 })).initial).toMatchObject({
      "unembed.W_U": { shape: [128, 12] },
    });
  });
});

describe("a checkpoint alone", () => {
  const analysed = async (dataKnown: boolean) => {
    const params = paramsOf({ dModel: 8, nHeads: 1, dMlp: 8 });
    const { initial } = modularAddition.plan(params);
    const run = { metrics: [], checkpointSteps: [0], companions: {}, dataKnown };
    const context = { backend, published: async () => undefined, progress: () => {} };
    const results = await modularAddition.analyse(
      params,
      { ...run, weights: async () => initial },
      context,
    );
    const ids = claims(params, results).map(({ id }) => id);
    return { ids, numbers: metrics(results), loss: results.circuit?.analysis.performance.loss };
  };

  it("of unknown data has its loss over all pairs, and no claims about data", async () => {
    const { ids, numbers, loss } = await analysed(false);
    expect(ids).toEqual([]);
    expect(numbers).toMatchObject({ loss: loss?.all, accuracy: expect.any(Number) });
    expect(Object.keys(numbers).filter((name) => /train|test|excluded/i.test(name))).toEqual([]);
  });

  it("of known data has losses and accuracies of both parts", async () => {
    const { ids, numbers, loss } = await analysed(true);
    expect(ids).toEqual(["train-data", "train-labels", "test-data", "test-labels"]);
    expect(numbers).toMatchObject({
      loss: loss?.all,
      trainLoss: loss?.train,
      testLoss: loss?.test,
    });
    expect(numbers.testAccuracy).toBeLessThan(0.1);
  });

  it("has known data where the seed of its split was given", () => {
    const known = (...given: string[]) =>
      modularAddition.knowsData?.({ given: new Set(given), beside: {} });
    expect([known("dataSeed"), known("p"), known()]).toEqual([true, false, false]);
  });
});

describe("the study", () => {
  it("starts from the notebook's data and TransformerLens's weights", async () => {
    const params = paramsOf({ steps: 2, checkpointEvery: 2 });
    const results = await resultsOf(modularAddition, params, backend);
    const judged = claims(params, results);
    expect(judged.map(({ id }) => id)).toEqual([
      "train-data",
      "train-labels",
      "test-data",
      "test-labels",
      "initial-train-loss",
      "initial-test-loss",
    ]);
    expect(judged.filter(({ holds }) => !holds)).toEqual([]);

    const { curves } = results;
    const moved = { ...curves, testLoss: curves.testLoss.map((loss) => loss + 3e-6) };
    const failing = claims(params, { ...results, curves: moved }).filter(({ holds }) => !holds);
    expect(failing.map(({ id }) => id)).toEqual(["initial-test-loss"]);
  });

  it("claims grokking only of a run as long as the published one", () => {
    const step = [0, 99, 100, 14_900];
    const [zero, one] = [step.map(() => 0), step.map(() => 1)];
    const curves = {
      step,
      trainLoss: [4.734958, 2.94, 2.9, 1e-7],
      testLoss: [4.733274, 7.5, 7.5, 1e-4],
      trainAccuracy: one,
      testAccuracy: zero,
    };
    const split = {
      train: { count: 0, tokens: [], labels: [] },
      test: { count: 0, tokens: [], labels: [] },
    };
    const results = { curves, split, circuit: null, published: null };
    const of = (params: ModularAdditionParams) =>
      Object.fromEntries(claims(params, results).map(({ id, holds }) => [id, holds]));
    expect(of(paramsOf())).toEqual({
      "train-data": false,
      "train-labels": false,
      "test-data": false,
      "test-labels": false,
      "initial-train-loss": true,
      "initial-test-loss": true,
      "train-loss-99": true,
      "test-loss-100": true,
      "train-loss-99-float64": false,
      "test-loss-100-float64": false,
      groks: true,
      "train-accuracy": true,
      "test-accuracy": false,
    });
    expect(Object.keys(of(paramsOf({ steps: 15_000 })))).not.toContain("groks");
    expect(Object.keys(of(paramsOf({ float64Steps: 0 })))).not.toContain("groks");
    expect(of(paramsOf({ float64Steps: 0, steps: 20_000 }))).toMatchObject({ groks: true });
    expect(Object.keys(of(paramsOf({ weightDecay: 0.5 })))).not.toContain("train-loss-99");
    expect(of(paramsOf({ p: 59 }))).toEqual({});
  });

  it("writes an article with a sentence for every figure", async () => {
    const params = paramsOf({ ...modularAddition.smoke });
    const results = await resultsOf(modularAddition, params, backend);
    const figures = report(params, results).flatMap((section) => section.figures);
    expect(figures.length).toBeGreaterThan(25);
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
    expect(figures.filter(({ see }) => see.length < 20 || /NaN|undefined/.test(see))).toEqual([]);
    expect(Object.values(metrics(results)).every(Number.isFinite)).toBe(true);
    expect(results.circuit?.progress?.steps).toEqual([0, 20, 40, 60]);
  });

  it("leaves the Fourier analysis out for other operations", async () => {
    const params = paramsOf({ ...modularAddition.smoke, operation: "a*b", steps: 10 });
    const results = await resultsOf(modularAddition, params, backend);
    expect(results.circuit).toBeNull();
    expect(report(params, results)[0]?.prose[0]).toContain("a*b modulo 13");
  });
});

describe.skipIf(absent)("the published run (skipped without ../shared/data)", () => {
  it("has the published frequencies, losses and Gini coefficients", async () => {
    const published = async (name: string) => new Uint8Array(readFileSync(new URL(name, data)));
    const run = await publishedRun({ backend, published, progress: () => {} });
    const judged = publishedClaims(run);
    expect(judged.length).toBe(6);
    expect(judged.filter(({ holds }) => !holds)).toEqual([]);
  });
});
