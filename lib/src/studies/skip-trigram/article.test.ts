import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import {
  curvesOf,
  fileLab,
  Instruments,
  type Lab,
  memoryLab,
  type Snapshot,
  upTo,
} from "../../lab/index.ts";
import { planted } from "../../lab/testing/planted.ts";
import { hookedTransformer } from "../../models/index.ts";
import { skipTrigram as study } from "./article.ts";
import type { DrawnSets, Fresh, Opened, Signal } from "./measure.ts";
import { modelConfig, startOf } from "./plan.ts";
import { printedAttention, printedHead1, printedLog, printedLogits } from "./printed.ts";

const params = study.params.parse(study.smoke);
const instruments = new Instruments(nativeBackend);
let lab: Lab;

const read = (from: Lab, view: object = {}): Promise<Page> =>
  readArticle(study.article(params, from, study.view.parse(view)));

beforeAll(async () => {
  await init();
  lab = memoryLab(study, params, instruments);
});
afterAll(() => instruments[Symbol.asyncDispose]());

describe("skip trigrams as an article", () => {
  it("tells its story in order, with the numbers that the first version of the study had", async () => {
    const { metrics, claims, sections } = await read(lab);
    const before = {
      testLoss: 2.4769237702,
      testAccuracy: 0.085,
      signalSequenceAccuracy: 0.125,
      accuracy: 0.1035,
      loss: 2.3917712282,
      signalAccuracy: 0.119266055,
      noiseAccuracy: 0.0883218842,
      bestAccuracy: 0.5454545455,
      bestLoss: 1.1989476364,
    };
    expect(Object.keys(metrics)).toEqual(Object.keys(before));
    for (const [name, value] of Object.entries(before)) {
      expect(metrics[name], name).toBeCloseTo(value, 6);
    }
    expect(claims).toEqual([]);
    expect(sections.map(({ title }) => title)).toEqual([
      "The data",
      "Training",
      "At the end: the sequence 2 5 3 0",
      "The heads by their weights",
      "Which answers each head writes",
      "One head",
    ]);
  });

  it("finds no mechanism in a network that was not trained, or half", async () => {
    for (const step of [0, 16]) {
      const { findings } = await read(upTo(lab, step));
      const held = findings.filter(({ kind, holds }) => kind === "mechanism" && holds === true);
      expect(held.map(({ id }) => id)).toEqual([]);
    }
  });

  it("opens a lone file, and fits its sizes", async () => {
    const config = modelConfig(params);
    const model = { model: hookedTransformer, config, weights: startOf(params).initial };
    const page = await read(await fileLab({ ...model, sha256: "0" }, instruments));
    expect(page.sections.map(({ title }) => title)).toEqual([
      "At the end: the sequence 2 5 3 0",
      "The heads by their weights",
      "Which answers each head writes",
      "One head",
    ]);
    expect(JSON.stringify(page)).not.toMatch(/NaN|undefined|no number|no share/);
    const facts = { model: "hooked-transformer", given: new Set<string>(), beside: {} };
    const fit = (changes: object) =>
      study.fit?.(params, { ...facts, config: { ...config, ...changes } });
    const sizes = { nHeads: 2, dHead: 3 };
    expect(fit({ ...sizes, nCtx: 6 })).toEqual({ ...params, ...sizes, length: 6 });
    expect(() => fit({ dVocab: 12 })).toThrow(
      "skip-trigram: the model must have 1 layer, 11 tokens and 11 answers, got 1, 12, 11",
    );
  });

  it("shows a head, a checkpoint and a sequence of the reader's", async () => {
    const page = await read(lab, { sequence: [4, 9, 1, 0], head: 2, step: 0 });
    const titles = page.sections.map(({ title }) => title);
    expect(titles).toContain("At step 0: the sequence 4 9 1 0");
    expect(titles.at(-1)).toBe("One head");
    await expect(read(lab, { sequence: [1, 0] })).rejects.toThrow(
      "skip-trigram: sequence must be 4 tokens from 0 to 10, got 1,0",
    );
    await expect(read(lab, { head: 3 })).rejects.toThrow(
      "skip-trigram: head must be 0 to 2, got 3",
    );
  });
});

/** Numbers of a model that has learned the table; `head` of them for each of three heads. */
const three = <T>(head: T): T[] => [head, head, head];
const rowsOf = (size: number, row: readonly number[]) => Array.from({ length: size }, () => row);
const found = [0, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0];
const scores = { count: 50_000, accuracy: 1, loss: 0 };
const flat = Array<number>(11).fill(1);
const ideal: { readonly [measurement: string]: unknown } = {
  circuits: { qk: three(rowsOf(11, found)), ov: three(rowsOf(11, flat)) },
  signal: {
    sequences: 96,
    accuracy: 1,
    perAnswer: Array(10).fill(1),
    withoutHead: three(Array(10).fill(0.5)),
    writes: three(rowsOf(10, flat)),
    toNumbers: three([0.5, 0.5]),
  },
  fresh: {
    all: { count: 100_000, accuracy: 6 / 11, loss: 1.22 },
    signal: scores,
    noise: { ...scores, accuracy: 1 / 11, loss: 2.43 },
  },
  opened: {
    logits: printedLogits,
    pattern: printedAttention.map((row) => [...rowsOf(3, row), row]),
    perHead: three(printedHead1),
    parts: rowsOf(5, flat),
    bias: Array(11).fill(0),
  },
  drawnSets: {
    first: [],
    signalLabels: flat,
    noiseLabels: flat,
    testLabels: [85, 107, 99, 102, 78, 112, 111, 80, 107, 63, 56],
    testSignal: 499,
  },
};

/** The notebook's training, to its end in one more epoch. */
function idealLab(): Lab {
  const epoch = Array.from({ length: 601 }, (_, step) => Math.floor(step / 10));
  const rows = epoch.map((i, step) => ({
    step,
    trainLoss: ((printedLog.trainLoss[i] ?? 0) * 100_000) / 20,
    trainAccuracy: printedLog.trainAccuracy[i] ?? 0,
    testLoss: ((printedLog.testLoss[i - 1] ?? 0) * 1000) / 2,
    testAccuracy: printedLog.testAccuracy[i - 1] ?? 0,
    testSignalLoss: 0,
    testNoiseLoss: 2.4,
    testSignalAccuracy: 1,
    testNoiseAccuracy: 0.1,
  }));
  const at = (step = 600): Snapshot => ({
    config: { ...modelConfig(defaults) },
    step,
    measure: async (f, ..._args) => ideal[f.name] as never,
  });
  const training = { finished: true, curves: curvesOf(rows), steps: [0, 600], at };
  return {
    dataKnown: true,
    training: async () => training,
    published: async () => undefined,
    publishedText: async () => undefined,
  };
}

const defaults = study.params.parse({});

describe("claims and findings", () => {
  const readIdeal = (from: Lab) => readArticle(study.article(defaults, from, {}));

  it("hold for the notebook's numbers, and a model that has learned the table", async () => {
    const { claims, findings } = await readIdeal(idealLab());
    expect(claims.filter(({ holds }) => holds !== true)).toEqual([]);
    expect(claims).toHaveLength(12);
    expect(findings.filter(({ holds }) => holds !== true)).toEqual([]);
  });

  it.each<[string, (value: never) => unknown, string[]]>([
    [
      "drawnSets",
      (value: DrawnSets) => ({ ...value, testLabels: [], testSignal: 1 }),
      ["test-labels", "test-signal"],
    ],
    [
      "opened",
      (value: Opened) => ({ ...value, logits: value.logits.map((x) => x + 1) }),
      ["printed-logits"],
    ],
    [
      "opened",
      (value: Opened) => ({ ...value, bias: value.bias.map((x) => x + 1) }),
      ["printed-head-1"],
    ],
    [
      "opened",
      (value: Opened) => ({ ...value, pattern: [...value.pattern].reverse() }),
      ["printed-attention"],
    ],
    ["signal", (value: Signal) => ({ ...value, accuracy: 0.99 }), ["signal-accuracy"]],
    ["fresh", (value: Fresh) => ({ ...value, all: scores }), ["best-accuracy", "best-loss"]],
  ])("notice wrong %s", async (name, change, ids) => {
    const { claims } = await readIdeal(planted(idealLab(), name, change));
    expect(claims.filter(({ holds }) => !holds).map(({ id }) => id)).toEqual(ids);
  });
});

describe("sets without noise, and longer sequences", () => {
  it.each([{ oneIn: 1 }, { length: 7, dHead: 2 }])("are told too: %j", async (change) => {
    const other = study.params.parse({ ...study.smoke, ...change, epochs: 1 });
    const blocks = study.article(other, memoryLab(study, other, instruments), {});
    const { metrics, ...page } = await readArticle(blocks);
    expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
    const texts = [page.summary, page.sections.map(({ title, items }) => [title, items])];
    expect(JSON.stringify(texts)).not.toMatch(/NaN|undefined|no number|no share/);
  });
});
