import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, type PageItem, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import {
  curvesOf,
  fileLab,
  Instruments,
  type Lab,
  memoryLab,
  type Quantity,
  upTo,
  valueAt,
} from "../../lab/index.ts";
import { planted } from "../../lab/testing/planted.ts";
import type { Circuit, Pictures, Progress } from "../shared/modular-arithmetic/measure.ts";
import { modularAddition as study } from "./article.ts";
import type { ModularAdditionParams } from "./params.ts";
import { plan } from "./plan.ts";
import { printedLog } from "./printed-log.ts";

const params = study.params.parse(study.smoke);
const paramsOf = (changes: Partial<ModularAdditionParams>) => study.params.parse(changes);
const instruments = new Instruments(nativeBackend);
let lab: Lab;

const read = (from: Lab, view: object = {}, of = params): Promise<Page> =>
  readArticle(study.article(of, from, study.view.parse(view)));
const labFor = (of: ModularAdditionParams): Lab => memoryLab(study as never, of, instruments);

beforeAll(async () => {
  await init();
  lab = labFor(params);
});
afterAll(() => instruments[Symbol.asyncDispose]());

const wordsOf = (item: PageItem): unknown => {
  if (item.kind === "figure") return [item.title, item.see];
  return item.kind === "explore" ? item.parts.map(({ items }) => items.map(wordsOf)) : item;
};
const texts = ({ summary, sections }: Page): string =>
  JSON.stringify([summary, sections.map(({ title, items }) => [title, items.map(wordsOf)])]);
const held = ({ findings }: Page) =>
  findings.filter(({ kind, holds }) => kind === "mechanism" && holds).map(({ id }) => id);

describe("modular-addition as an article", () => {
  it("has the numbers of a small training, and says nothing that is no number", async () => {
    const page = await read(lab);
    expect(Object.keys(page.metrics).length).toBe(16);
    for (const [name, value] of Object.entries({
      trainLoss: 2.3158910009862637,
      testLoss: 2.8792588212840644,
      trainAccuracy: 0.2,
      testAccuracy: 0.04201680672268908,
      excludedLoss: 2.3158909893689867,
      loss: 2.712581952747707,
      accuracy: 0.08875739644970414,
      keyFrequencies: 0,
      restrictedLoss: 2.7033067694531714,
      giniEmbedding: 0.06287797042804398,
      giniLogitMap: 0.11861210074047865,
    })) {
      expect(page.metrics[name], name).toBeCloseTo(value, 6);
    }
    expect(texts(page)).not.toMatch(/NaN|undefined|no number|no share|""/);
    expect(page.claims.map(({ id, holds }) => [id, holds])).toEqual([
      ["neurons-counted-twice", true],
      ["losses-as-logged", true],
    ]);
    const figures = page.sections.flatMap(({ items }) =>
      items.flatMap((item) => (item.kind === "figure" ? [item] : [])),
    );
    expect(figures.filter(({ folded }) => !folded).length).toBeLessThanOrEqual(15);
    expect(figures.length).toBeGreaterThan(25);
  });

  it.each([0, 40])("finds no mechanism in a network of %s updates", async (step) => {
    const page = await read(upTo(lab, step));
    expect(held(page)).toEqual([]);
    expect(texts(page)).not.toMatch(/NaN|undefined|no number|no share|""/);
  });

  it("notices measurements that are not of the network that was trained", async () => {
    const failed = async (from: Lab) =>
      (await read(from)).claims.filter(({ holds }) => holds === false).map(({ id }) => id);
    const circuit = planted(lab, "circuit", ({ performance, ...rest }: Circuit) => ({
      ...rest,
      performance: { ...performance, loss: { ...performance.loss, test: 1 } },
    }));
    expect(await failed(circuit)).toEqual(["losses-as-logged"]);
    const progress = planted(lab, "progress", ({ full, ...rest }: Progress) => ({
      ...rest,
      full: { ...full, test: 1 },
    }));
    expect(await failed(progress)).toEqual(["losses-as-logged"]);
    const pictures = planted(lab, "neurons", ({ pre, ...rest }: Pictures) => ({
      ...rest,
      ...{ pre, transformed: pre },
    }));
    expect(await failed(pictures)).toEqual(["neurons-counted-twice"]);
  });

  it("starts from the data and the weights of Grokking_Demo", async () => {
    const start = paramsOf({ steps: 2, checkpointEvery: 2, operation: "a+b" });
    const page = await read(labFor(start), {}, start);
    expect(page.claims.map(({ id, holds }) => [id, holds])).toEqual([
      ["split-sizes", true],
      ["split-rows", true],
      ["initial-train-loss", true],
      ["initial-test-loss", true],
      ["train-loss-99", undefined],
      ["test-loss-100", undefined],
      ["neurons-counted-twice", true],
      ["losses-as-logged", true],
    ]);
    expect(held(page)).toEqual([]);
  });

  it("leaves the Fourier analysis out for other operations", async () => {
    const products = paramsOf({ ...study.smoke, operation: "a*b", steps: 10 });
    const page = await read(labFor(products), {}, products);
    expect(page.summary).toContain("answers a*b modulo 13. The Fourier analysis is about a + b");
    expect(page.sections.map(({ title }) => title)).toEqual(["Training"]);
  });
});

describe("the claims at the end of the default training", () => {
  /** The small network in the place of the default one, with the printed losses as its log. */
  const asDefault = (changes: { groks?: number; accuracy?: number; top?: number[] }): Lab => {
    const { groks = 0, accuracy = 1, top = [8, 19, 41, 54] } = changes;
    const rows = printedLog.testStep.flatMap((step, i) => {
      const losses = { trainLoss: 1e-7, testLoss: printedLog.testLoss[i] as number };
      const accuracies = { trainAccuracy: 1, testAccuracy: step > 14_000 ? accuracy : 0 };
      const row = { step: step + groks, ...losses, ...accuracies };
      return row.step > 16_000 ? [] : [row];
    });
    const ending = planted(lab, "circuit", (of: Circuit) => ({
      ...of,
      logitMap: { ...of.logitMap, shares: sharesOf(top) },
      summary: { ...of.summary, logits: 0.957 },
      progress: { ...of.progress, restricted: { ...of.progress.restricted, all: 0.1 } },
    }));
    return {
      ...ending,
      async training() {
        const training = await ending.training();
        return { ...training, curves: curvesOf(rows) };
      },
    };
  };
  const sharesOf = (top: readonly number[]) =>
    Array.from({ length: 56 }, (_, i) => (top.includes(i + 1) ? 0.2 : 0.001));
  const judged = async (from: Lab) => {
    const page = await read(from, {}, paramsOf({}));
    return Object.fromEntries(page.claims.map(({ id, holds }) => [id, holds]));
  };

  it("hold for what was printed and published", async () => {
    expect(await judged(asDefault({}))).toMatchObject({
      ...{ groks: true, "train-accuracy": true, "test-accuracy": true },
      ...{ "printed-frequencies": true, "logits-explained": true, "restricted-below-full": true },
    });
  });

  it.each<[string, Parameters<typeof asDefault>[0]]>([
    ["groks", { groks: -4800 }],
    ["groks", { groks: 1400 }],
    ["test-accuracy", { accuracy: 0.999 }],
    ["printed-frequencies", { top: [17, 25, 32, 47] }],
  ])("%s fails where it should", async (id, changes) => {
    expect((await judged(asDefault(changes)))[id]).toBe(false);
  });

  it("are not made of shorter trainings or other settings", async () => {
    const ids = async (changes: Partial<ModularAdditionParams>) =>
      (await read(asDefault({}), {}, paramsOf(changes))).claims.map(({ id }) => id);
    expect(await ids({ steps: 15_000 })).not.toContain("groks");
    expect(await ids({ float64Steps: 0 })).not.toContain("groks");
    expect(await ids({ float64Steps: 0, steps: 20_000 })).toContain("groks");
    expect(await ids({ weightDecay: 0.5 })).not.toContain("train-loss-99");
    expect(await ids({ p: 59 })).toEqual(["neurons-counted-twice"]);
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
    const ten = paramsOf({ float64Steps: 10, steps: 10, evalEvery: 1, checkpointEvery: 10 });
    const { curves } = await labFor(ten).training();
    for (const [step, trainLoss, testLoss] of golden) {
      const off = (part: Quantity, loss: number) =>
        Math.abs((valueAt(curves, part, step) as number) / loss - 1);
      expect(off("trainLoss", trainLoss)).toBeLessThan(1e-12);
      expect(off("testLoss", testLoss)).toBeLessThan(1e-12);
    }
  });
});

describe("what a reader may look at", () => {
  it("is a checkpoint, a neuron, a head and a pair", async () => {
    const page = await read(lab, { step: 20, neuron: 7, head: 1, pair: [3, 12] });
    const text = texts(page);
    expect(text).toContain("Neuron 7 after the ReLU");
    expect(text).toContain("Head 1: attention to a and to b");
    expect(text).toContain("Your pair: 3 + 12");
    expect(text).toMatch(/It answers \d+(, which is right|; right is 2)\./);
    expect(page.metrics.loss).not.toBe((await read(lab)).metrics.loss);
  });

  it.each([
    [{ neuron: 32 }, "modular-addition: neuron must be from 0 to 31, got 32"],
    [{ head: 2 }, "modular-addition: head must be from 0 to 1, got 2"],
    [{ pair: [3, 13] }, "modular-addition: pair must be two numbers from 0 to 12, got 3,13"],
  ])("is refused where the model has no such thing: %o", async (view, message) => {
    await expect(read(lab, view)).rejects.toThrow(message);
  });
});

describe("a model from a file", () => {
  const facts = (config: object, given: string[] = []) => ({
    ...{ model: "hooked-transformer", config: config as never },
    ...{ given: new Set(given), beside: {} },
  });

  it("is shown without what needs its training, and with the split where that is known", async () => {
    const { model, config, initial } = plan(params);
    const file = { model, config, weights: initial, sha256: "0" };
    const alone = await read(await fileLab(file as never, instruments));
    expect(alone.claims.map(({ id }) => id)).toEqual(["neurons-counted-twice"]);
    const ofSplit = /train|test|excluded/i;
    expect(Object.keys(alone.metrics).filter((name) => ofSplit.test(name))).toEqual([]);
    expect(alone.sections.map(({ title }) => title)).not.toContain("Training");
    const known = await read(await fileLab(file as never, instruments, { dataKnown: true }));
    expect(known.metrics).toMatchObject({ ...alone.metrics, testLoss: expect.any(Number) });
    expect(texts(known)).not.toMatch(/NaN|undefined|no number|no share|""/);
  });

  it("says its sizes, also an output more than p, as published runs have", () => {
    const config = { nLayers: 1, dVocab: 12, dVocabOut: 12, dModel: 8, nHeads: 2, dMlp: 5 };
    expect(study.fit?.(params, facts(config))).toMatchObject({ p: 11, outputs: 12, dMlp: 5 });
    expect(() => study.fit?.(params, facts(config, ["p"]))).toThrow(
      "modular-addition: p was given as 13, the file has 11; leave it out",
    );
    expect(() => study.fit?.(params, facts({ ...config, nLayers: 2 }))).toThrow(
      "modular-addition: the model must have one layer, got 2",
    );
    expect(() => study.fit?.(params, { ...facts(config), model: "bitnet" })).toThrow(
      "modular-addition: the model must be a hooked-transformer, got a bitnet",
    );
    const known = (...given: string[]) => study.knowsData?.(facts(config, given));
    expect([known("dataSeed"), known("p"), known()]).toEqual([true, false, false]);
  });
});

const data = new URL("../../../../../shared/data/", import.meta.url);

describe.skipIf(!existsSync(new URL("progress-measures/", data)))(
  "the published run (skipped without ../shared/data)",
  () => {
    it("has the published frequencies, losses and Gini coefficients", async () => {
      const published = async (name: string) => new Uint8Array(readFileSync(new URL(name, data)));
      const page = await read(memoryLab(study as never, params, instruments, published));
      const judged = page.claims.filter(({ id }) => id.startsWith("published-"));
      expect(judged.map(({ id, measured, holds }) => [id, measured, holds])).toEqual([
        ["published-key-frequencies", [6, 23, 37, 39, 41], true],
        ["published-full-loss", expect.any(Number), true],
        ["published-restricted-loss", expect.any(Number), true],
        ["published-excluded-loss", expect.any(Number), true],
        ["published-gini-embedding", expect.any(Number), true],
        ["published-gini-logit-map", expect.any(Number), true],
      ]);
    });
  },
);
