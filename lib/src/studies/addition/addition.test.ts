import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Backend, nativeBackend } from "../../compile/index.ts";
import { nd } from "../../core/nd.ts";
import { curvesOf, type FileFacts } from "../../lab/index.ts";
import type { WeightArrays } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { drawAdditions, questions } from "../../tasks/index.ts";
import { type MetricsRow, type TrainingPlan, train } from "../../train/index.ts";
import golden from "./addition.golden.json" with { type: "json" };
import { lossColumns, scoresOf } from "./answers.ts";
import { additionStudy } from "./index.ts";
import { additionParams } from "./params.ts";
import { initialWeights, modelConfig, plan } from "./plan.ts";
import { phasesOf } from "./training-sections.ts";

/** The session of lib/goldens/addition.py. */
const session = additionParams.parse({
  dModel: 16,
  nHeads: 2,
  dMlp: 32,
  lr: 0.01,
  steps: 5,
  checkpointEvery: 3,
});

let backend: Backend;

interface Trained {
  readonly rows: MetricsRow[];
  readonly weights: ReadonlyMap<number, WeightArrays>;
}

async function trained(params: typeof session): Promise<Trained> {
  const rows: MetricsRow[] = [];
  const weights = new Map<number, WeightArrays>();
  for await (const event of train(plan(params) as TrainingPlan, backend)) {
    if (event.kind === "metrics") rows.push(event.row);
    if (event.kind === "checkpoint") weights.set(event.checkpoint.step, event.checkpoint.weights);
  }
  return { rows, weights };
}

let run: Trained;

beforeAll(async () => {
  await init();
  backend = await nativeBackend();
  run = await trained(session);
});

describe("training as the notebook does", () => {
  it("has its initial weights, questions, losses and sub-task losses, update by update", () => {
    expect(run.rows).toHaveLength(6);
    for (const [step, { loss, accuracy, columns }] of golden.steps.entries()) {
      const {
        trainLoss,
        testLoss,
        trainAccuracy,
        testAccuracy,
        step: own,
        ...others
      } = run.rows[step] as MetricsRow;
      expect(own).toBe(step);
      expect(Math.abs(trainLoss - loss), `step ${step}`).toBeLessThan(2e-6);
      expect(trainAccuracy).toBeCloseTo(accuracy, 12);
      expect([testLoss, testAccuracy]).toEqual([trainLoss, trainAccuracy]);
      expect(Object.keys(others).sort()).toEqual(Object.keys(columns).sort());
      for (const [name, value] of Object.entries(columns)) {
        expect(Math.abs((others[name] as number) - (value as number)), name).toBeLessThan(1e-5);
      }
    }
  });

  it("changes nothing in the first update of the warm-up", () => {
    const first = run.weights.get(0) as WeightArrays;
    expect(first).toEqual(initialWeights(session));
    expect(run.weights.get(3)?.["embed.W_E"]).not.toEqual(first["embed.W_E"]);
  });

  it("trains on the same questions and tests on new ones where data are finite", async () => {
    const params = {
      ...session,
      data: "finite" as const,
      trainCount: 40,
      batchSize: 8,
      evalEvery: 2,
    };
    const { rows } = await trained(params);
    expect(rows.map(({ step }) => step)).toEqual([0, 2, 4, 5]);
    const { split, measures } = plan(params);
    expect(split.train).toEqual(drawAdditions(params, new TorchGenerator(129_000), 40));
    const rng = new TorchGenerator(129_000);
    drawAdditions(params, rng, 40);
    const test = measures?.test as { stream: { generator: Uint8Array }; count: number };
    expect(test.stream.generator).toEqual(rng.state());
    expect(new Set(rows.map(({ testLoss }) => testLoss)).size).toBe(4);
    const digits = (row: MetricsRow): number =>
      ["BaseAdd", "UseCarry1", "UseSum9"].reduce((sum, one) => sum + (row[`cases.${one}`] ?? 0), 0);
    expect(rows.map(digits)).toEqual([40, 40, 40, 40]);
  });
});

describe("lossColumns", () => {
  it("does not count any digit twice, and leaves out cases that are not there", () => {
    const examples = questions(2, Int32Array.of(1, 2, 4, 5), Int32Array.of(3, 4, 5, 5));
    const losses = nd("float64", [2, 3], [1, 2, 3, 4, 5, 6]);
    const columns = lossColumns({ examples, losses, predictions: examples.labels });
    // 12 + 34 = 046 has no carry; 45 + 55 = 100 carries into a nine.
    expect(columns).toEqual({
      A2: 2.5,
      A1: 3.5,
      A0: 4.5,
      "BaseAdd.A1": 2,
      "BaseAdd.A0": 4.5,
      "UseSum9.A1": 5,
      "cases.BaseAdd": 3,
      "cases.UseCarry1": 0,
      "cases.UseSum9": 1,
      "BaseAdd.all": 2.5,
      "UseSum9.one": 5,
      answers: 1,
    });
  });
});

describe("scoresOf", () => {
  it("counts whole answers by kind, by carried nines and by the longest cascade", () => {
    // 11 + 22 = 033, 19 + 22 = 041, 45 + 55 = 100: no carry, a carry, a carried nine.
    const examples = questions(2, Int32Array.of(1, 1, 1, 9, 4, 5), Int32Array.of(2, 2, 2, 2, 5, 5));
    const predictions = nd("int32", [3, 3], [0, 3, 3, 0, 4, 0, 1, 0, 0]);
    const losses = nd("float64", [3, 3], [0, 0, 0, 0, 0, 9, 0, 0, 0]);
    const scores = scoresOf({ examples, losses, predictions });
    expect(scores.all).toEqual({ count: 3, right: 2 });
    expect(scores.byKind).toEqual([
      { count: 1, right: 1 },
      { count: 1, right: 0 },
      { count: 1, right: 1 },
    ]);
    expect(scores.byNines).toEqual([
      { count: 2, right: 1 },
      { count: 1, right: 1 },
    ]);
    expect(scores.byCascade).toEqual(scores.byNines);
    // The leading digit of 45 + 55 has one nine to its right.
    expect(scores.byDistance).toEqual([
      { count: 5, right: 5 },
      { count: 1, right: 1 },
    ]);
    expect(scores.digitAccuracy).toEqual([1, 1, 2 / 3]);
    expect(scores.loss).toBe(1);
    expect([...scores.caseAccuracy.data]).toEqual([1, 2 / 3, 1, Number.NaN, 1, Number.NaN]);
  });
});

describe("phasesOf", () => {
  const means = 25;
  const rowsOf = (columns: Readonly<Record<string, (i: number) => number | undefined>>) =>
    Array.from({ length: 4 * means }, (_, i): MetricsRow => {
      const own = Object.entries(columns).map(([name, value]) => [name, value(i)] as const);
      const there = own.filter(([, value]) => value !== undefined);
      const logged = { trainLoss: 0, testLoss: 0, trainAccuracy: 0, testAccuracy: 0 };
      return { step: 10 * i, ...logged, ...Object.fromEntries(there) };
    });

  it("finds where the running mean falls below, skipping batches without the case", () => {
    const falls = (i: number) => (i % 2 === 1 ? undefined : i < 2 * means ? Math.log(10) : 0);
    const curves = curvesOf(rowsOf({ "UseCarry1.A1": falls, A0: () => 2 }));
    const half = 2 * means + 2 * Math.floor(means / 2);
    expect(phasesOf(curves, 2)).toEqual([{ column: "UseCarry1.A1", step: 10 * half }]);
  });

  it("asks the leading digit to fall below half of ln 2, and every curve to be above first", () => {
    const known = (i: number) => (i < 2 * means ? Math.log(2) : 0);
    const curves = curvesOf(rowsOf({ A2: known, A1: () => 0 }));
    const fallen = phasesOf(curves, 2);
    expect(fallen).toEqual([{ column: "A2", step: 10 * (2 * means + Math.floor(means / 2)) }]);
  });
});

describe("the sizes of a model in a file", () => {
  const facts = (config: object): FileFacts => ({
    model: "hooked-transformer",
    config: config as FileFacts["config"],
    given: new Set(),
    beside: {},
  });
  const defaults = additionParams.parse({});

  it("are its parameters", () => {
    const params = additionParams.parse({ digits: 3, dModel: 8, nHeads: 4, dMlp: 24, outputs: 10 });
    expect(additionStudy.fit?.(defaults, facts(modelConfig(params)))).toEqual(params);
  });

  it("must be those of a model that adds", () => {
    const fit = (config: object) => () => additionStudy.fit?.(defaults, facts(config));
    const config = modelConfig(defaults);
    expect(fit({ ...config, nLayers: 2 })).toThrow(
      "addition: the model must be a hooked-transformer of one layer, got a hooked-transformer of 2",
    );
    expect(fit({ ...config, nCtx: 4 })).toThrow(
      "addition: a model must have 3 n + 3 positions for n of 2 to 10 digits, got 4",
    );
  });
});
