import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { nd } from "../../core/nd.ts";
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
import { inductionHeads as study } from "./article.ts";
import type { Ablations, Heads, Losses, Moment } from "./measure.ts";
import { initialWeights, modelConfig } from "./plan.ts";

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

describe("induction heads as an article", () => {
  it("tells its story in order, with the numbers that the first version of the study had", async () => {
    const { metrics, claims, sections } = await read(lab);
    const before = {
      trainLoss: 2.3512401586,
      loss: 2.4049488506,
      firstCopyLoss: 2.5373023403,
      previousTokenScore: 0.2012073339,
      inductionScore: 0.0912746737,
      previousTokenHeads: 4,
      inductionHeads: 4,
      lossWithoutPreviousTokenHeads: 2.4719165843,
      lossWithoutInductionHeads: 2.4719165843,
      "induction.L0H0": 0.0884218561,
      "induction.L0H1": 0.0856981382,
      "induction.L1H0": 0.0851975349,
      "induction.L1H1": 0.0912746737,
    };
    expect(Object.keys(metrics)).toEqual(Object.keys(before));
    for (const [name, value] of Object.entries(before)) {
      expect(metrics[name], name).toBeCloseTo(value, 6);
    }
    expect(claims).toEqual([]);
    expect(sections.map(({ title }) => title)).toEqual([
      "Loss during training",
      "The heads over training",
      "Attention on one sequence",
      "Scores of the heads",
      "Who reads whom",
      "What the heads are needed for",
      "One head of layer 1",
    ]);
  });

  it("begins near the loss of guessing", async () => {
    const { metrics } = await read(upTo(lab, 0));
    for (const name of ["loss", "firstCopyLoss"]) {
      expect(Math.abs((metrics[name] as number) - Math.log(11)), name).toBeLessThan(0.3);
    }
  });

  it("finds no mechanism in a network that was not trained, or half", async () => {
    for (const step of [0, 10]) {
      const { findings } = await read(upTo(lab, step));
      const held = findings.filter(({ kind, holds }) => kind === "mechanism" && holds === true);
      expect(held.map(({ id }) => id)).toEqual([]);
    }
  });

  it("opens a lone file, and fits lengths and sizes", async () => {
    const config = modelConfig(params);
    const model = { model: hookedTransformer, config, weights: initialWeights(params) };
    const page = await read(await fileLab({ ...model, sha256: "0" }, instruments));
    expect(page.sections.map(({ title }) => title)).toEqual([
      "Losses",
      "Attention on one sequence",
      "Scores of the heads",
      "Who reads whom",
      "What the heads are needed for",
      "One head of layer 1",
    ]);
    expect(JSON.stringify(page)).not.toMatch(/NaN|undefined|no number|no share/);
    const facts = { model: "hooked-transformer", given: new Set<string>(), beside: {} };
    const fit = (changes: object) =>
      study.fit?.(params, { ...facts, config: { ...config, ...changes } });
    expect(fit({ dModel: 8, dVocab: 9, nHeads: 4 })).toEqual({
      ...params,
      ...{ dModel: 8, vocabulary: 9, nHeads: 4 },
    });
    expect(() => fit({ nCtx: 17 })).toThrow(
      "induction-heads: the model must have 15 positions, 1 + copies * (copyLength + slack), got 17; set these",
    );
    expect(() => fit({ nLayers: 1 })).toThrow(
      "induction-heads: the model must have two layers, got 1",
    );
  });

  it("shows a head, a checkpoint and tokens of the reader's", async () => {
    const page = await read(lab, { sequence: [5, 9, 2, 5], head: 1, step: 10 });
    expect(page.sections.map(({ title }) => title).slice(-2)).toEqual([
      "One head of layer 1",
      "Your tokens: ^ 5 9 2 5",
    ]);
    expect(JSON.stringify(page.sections.at(-1))).toContain("Attention of L1H1");
    expect(JSON.stringify(page.sections.at(-1))).toContain("it was followed by 9, with");
    await expect(read(lab, { sequence: [5, 12] })).rejects.toThrow(
      "induction-heads: sequence must be 1 to 14 tokens from 1 to 11, got 5,12",
    );
    await expect(read(lab, { head: 2 })).rejects.toThrow(
      "induction-heads: layer must be below 2 and head below 2, got layer 1 and head 2",
    );
  });
});

/** What is measured of the circuit that the papers describe. */
const ideal: { readonly [measurement: string]: unknown } = {
  losses: {
    sequences: 1,
    places: [
      [6, 6],
      [5, 0.1],
      [5, 0.1],
    ],
    first: 6,
    later: 0.1,
  },
  heads: {
    scores: {
      previous: [
        [0.9, 0],
        [0, 0],
      ],
      previousLater: [
        [0.9, 0],
        [0, 0],
      ],
      duplicate: [
        [0, 0],
        [0, 0],
      ],
      induction: [
        [0, 0],
        [0, 0.8],
      ],
    },
    chance: { previous: 0.1, induction: 0.03 },
    previousHeads: [[0, 0]],
    inductionHeads: [[1, 1]],
    detected: {
      previous_token_head: [
        [0.9, 0],
        [0, 0],
      ],
      duplicate_token_head: [
        [0, 0],
        [0, 0],
      ],
      induction_head: [
        [0, 0],
        [0, 0.3],
      ],
    },
    composition: {
      q: [
        [0, 0],
        [0, 0],
      ],
      k: [
        [0.1, 0.9],
        [0.1, 0.1],
      ],
      v: [
        [0, 0],
        [0, 0],
      ],
      random: 0.1,
    },
    copied: [
      [0, 0],
      [0, 1],
    ],
    example: {
      tokens: [0, 1],
      starts: [1],
      pattern: nd("float32", [2, 2, 2, 2], Array(16).fill(0.5)),
    },
  },
  ablations: {
    whole: 0.1,
    zero: [
      [5, 0.1],
      [0.1, 5],
    ],
    mean: [
      [5, 0.1],
      [0.1, 5],
    ],
    previous: 5,
    induction: 5,
    paths: { queries: 0.1, keys: 4.9, values: 0.1 },
  },
};

/** A finished training with the default parameters, of which all this is measured. */
function idealLab(): Lab {
  const defaults = study.params.parse({});
  const rows = [0, 500, 525, 550, 575, 600, 2000].map((step) => {
    const loss = step < 550 ? 4.8 : 0.1;
    return {
      step,
      trainLoss: loss,
      testLoss: loss,
      trainAccuracy: 0,
      testAccuracy: 0,
      copy2: loss,
    };
  });
  const at = (step = 2000): Snapshot => {
    const induction = [
      [0, 0],
      [0, step < 550 ? 0 : 0.8],
    ];
    const moment = {
      first: 6,
      later: 0.1,
      previous: [
        [0.9, 0],
        [0, 0],
      ],
      induction,
    };
    return {
      config: modelConfig({ ...defaults, nHeads: 2 }),
      step,
      measure: async (f, ..._args) => ({ ...ideal, moment })[f.name] as never,
    };
  };
  const training = { finished: true, curves: curvesOf(rows), steps: [0, 550, 2000], at };
  return {
    dataKnown: true,
    training: async () => training,
    published: async () => undefined,
    publishedText: async () => undefined,
  };
}

describe("claims and findings", () => {
  const defaults = study.params.parse({});
  const readIdeal = (from: Lab) => readArticle(study.article(defaults, from, {}));

  it("hold for the circuit that the papers describe", async () => {
    const { claims, findings } = await readIdeal(idealLab());
    expect(claims.filter(({ holds }) => holds !== true)).toEqual([]);
    expect(claims).toHaveLength(10);
    expect(findings.filter(({ holds }) => holds !== true)).toEqual([]);
  });

  it.each<[string, (value: never) => unknown, string[]]>([
    [
      "heads",
      (value: Heads) => ({ ...value, inductionHeads: [[0, 1]], previousHeads: [[1, 0]] }),
      [
        "previous-layers",
        "detector-previous",
        "induction-layers",
        "detector-induction",
        "k-composition",
      ],
    ],
    [
      "ablations",
      (value: Ablations) => ({
        ...value,
        previous: 1,
        induction: 1,
        paths: { ...value.paths, keys: 0.2 },
      }),
      ["ablate-previous", "ablate-induction", "through-keys"],
    ],
    [
      "moment",
      (value: Moment) => ({
        ...value,
        induction: [
          [0, 0],
          [0, 0.1],
        ],
      }),
      ["heads-in-the-fall"],
    ],
  ])("notice wrong %s", async (name, change, ids) => {
    const { claims } = await readIdeal(planted(idealLab(), name, change));
    expect(claims.filter(({ holds }) => !holds).map(({ id }) => id)).toEqual(ids);
  });
});

const file = new URL(
  "../../../../../shared/data/progress-measures/induction_head_infinite.pth",
  import.meta.url,
);

describe("the published run", () => {
  it.skipIf(!existsSync(file))(
    "has its loss and its heads (needs ../shared/data)",
    async () => {
      const bytes = new Uint8Array(readFileSync(file));
      const published = memoryLab(study, params, instruments, async () => bytes);
      const { claims, findings, metrics } = await read(published);
      expect(claims.filter(({ holds }) => !holds)).toEqual([]);
      expect(claims).toHaveLength(9);
      const own = findings.filter(({ id }) => id.startsWith("published-"));
      expect(own.filter(({ holds }) => holds !== true)).toEqual([]);
      expect(metrics.publishedLoss).toBeCloseTo(0.2995, 4);
      const wrong = planted(published, "losses", (value: Losses) => ({ ...value, later: 1 }));
      const failed = (await read(wrong)).claims.filter(({ holds }) => !holds);
      expect(failed.map(({ id }) => id)).toEqual(["published-loss"]);
    },
    120_000,
  );
});
