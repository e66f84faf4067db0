import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import {
  type AnyPlan,
  fileLab,
  Instruments,
  type Lab,
  memoryLab,
  trainInMemory,
  trainingOf,
  upTo,
} from "../../lab/index.ts";
import { planted } from "../../lab/testing/planted.ts";
import { groupComposition as study } from "./article.ts";
import { inWords } from "./group-words.ts";
import { answer, type Embeddings, type Moment, type Opened, standingOut } from "./measure.ts";
import golden from "./metrics.golden.json" with { type: "json" };
import type { GroupCompositionParams } from "./params.ts";
import { companions } from "./plan.ts";
import { repeatedSection } from "./published-sections.ts";

const data = new URL("../../../../../shared/data/", import.meta.url);
const absent = !existsSync(new URL("group-models/S5_MLP_seed1/model.pt", data));
const published = async (name: string): Promise<Uint8Array | undefined> => {
  const file = new URL(name, data);
  return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined;
};

const params = study.params.parse({ ...study.smoke, steps: 400, checkpointEvery: 100 });
const instruments = new Instruments(nativeBackend);
let lab: Lab;

const read = (from: Lab, view: object = {}, own: GroupCompositionParams = params): Promise<Page> =>
  readArticle(study.article(own, from, study.view.parse(view)));

beforeAll(async () => {
  await init();
  lab = memoryLab(study, params, instruments);
});
afterAll(() => instruments[Symbol.asyncDispose]());

/** Every word of a page; the numbers of figures are left out. */
const textOf = ({ summary, sections }: Page): string =>
  JSON.stringify([summary, sections], (key, value) => (key === "figure" ? undefined : value));

describe("group composition as an article", () => {
  it("tells its story in order, with the numbers that the first version of the study had", async () => {
    const { metrics } = await read(upTo(lab, 0));
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(golden).sort());
    for (const [name, value] of Object.entries(golden)) {
      expect(metrics[name], name).toBeCloseTo(value, 5);
    }
    const page = await read(lab);
    expect(page.sections.map(({ title }) => title)).toEqual([
      "Learning",
      "The group S3",
      "Which representations the network uses",
      "The embedding of the network",
      "Neurons of the network",
      "Logits of the network and the trace",
      "Weights of the network",
      "Representation by representation",
      "Neuron by neuron",
      "The representations over training",
    ]);
    expect(page.claims.map(({ id, holds }) => [id, holds])).toEqual([["losses-as-logged", true]]);
  });

  it.each([0, 100])("finds no mechanism in a network of step %d", async (step) => {
    const page = await read(upTo(lab, step));
    const held = page.findings.filter(({ kind, holds }) => kind === "mechanism" && holds);
    expect(held.map(({ id }) => id)).toEqual([]);
  });

  it.each([
    ["one-layer-mlp", { bias: true }],
    ["bilinear", {}],
    ["hooked-transformer", { dModel: 8, nHeads: 2, dMlp: 12 }],
  ] as const)("says nothing that is no number of a %s", async (model, changes) => {
    const own = study.params.parse({ ...study.smoke, ...changes, model, steps: 20 });
    const page = await read(memoryLab(study, own, instruments), {}, own);
    expect(textOf(page)).not.toMatch(/NaN|undefined|no number|no share/);
    expect("sum_of_squared_weights" in page.metrics).toBe(model !== "hooked-transformer");
  });

  it("answers what a reader asks, and refuses what this network does not have", async () => {
    const view = { pair: [1, 4], neuron: 3, representation: "standard", step: 200 };
    const page = await read(lab, view);
    const titles = page.sections.map(({ title }) => title);
    expect(titles).toContain("Your pair: 1, 4");
    const items = page.sections.flatMap((one) => one.items);
    const explored = items.flatMap((item) => (item.kind === "explore" ? [item] : []));
    expect(explored.map(({ field, first }) => [field, first])).toEqual([
      ["representation", "standard"],
      ["neuron", 3],
    ]);
    expect(textOf(page)).not.toMatch(/NaN|undefined|no number|no share/);
    for (const [wrong, message] of [
      [{ pair: [1, 6] }, "group-composition: pair must be 2 elements of S3, from 0 to 5, got 1,6"],
      [{ neuron: 16 }, "group-composition: neuron must be from 0 to 15, got 16"],
      [
        { representation: "standart" },
        'group-composition: unknown representation "standart"; did you mean standard',
      ],
    ] as const) {
      await expect(read(lab, wrong)).rejects.toThrow(message);
    }
  });

  it("the parts of a pair's logits add up to them", async () => {
    const training = await lab.training();
    const question = { group: "S3", irreps: "published", split: null } as const;
    const { logits, parts } = await training.at().measure(answer, question, [1, 4]);
    const sums = logits.map((_, c) => parts.reduce((sum, one) => sum + (one.logits[c] ?? 9), 0));
    for (const [c, x] of logits.entries()) expect(sums[c]).toBeCloseTo(x, 12);
  });

  it("reads a network from a file, whose training nobody knows", async () => {
    const plan = study.plans(params).model as AnyPlan;
    const { model, config, initial: weights } = plan;
    const file = await fileLab({ model, config, weights, sha256: "x" } as never, instruments);
    const page = await read(file);
    expect(page.metrics).not.toHaveProperty("test_loss");
    expect(page.metrics).toHaveProperty("all_acc");
    expect(textOf(page)).not.toMatch(
      /NaN|undefined|no number|no share|not trained on|training pairs/,
    );
    await expect(read(file, {}, { ...params, group: "S4" })).rejects.toThrow(
      "group S4 has 24 elements, the weights are of a group of 6; set group to one such as C6 or D3 or S3",
    );
  });
});

describe("training from a seed", () => {
  it.each([
    ["s5-mlp-seed2", 2],
    ["d59-mlp-seed1", 1],
  ] as const)(
    "repeats the first logged losses of %s",
    async (name, count) => {
      const plan = companions(study.params.parse({}))[name] as AnyPlan;
      const short = { ...plan, steps: 11, checkpointEvery: 11 };
      const training = trainingOf(instruments, short, await trainInMemory(short, instruments));
      const blocks = [...repeatedSection({ [name]: training })];
      const claims = blocks.flatMap((block) => (block.kind === "claim" ? [block.claim] : []));
      const judged = claims.filter(({ holds }) => holds !== undefined);
      expect(judged).toHaveLength(count);
      expect(judged.filter(({ holds }) => !holds)).toEqual([]);
    },
    120_000,
  );
});

describe("singular values that stand out", () => {
  it("are those before the largest ratio, zeros left aside", () => {
    expect(standingOut([6.2, 6.1, 4, 0.37, 0.3, 0.1])).toBe(3);
    expect(standingOut([5, 4, 1e-15, 1e-16])).toBe(1);
  });
});

describe("words", () => {
  it.each([
    ["standard_sign", "standard × sign"],
    ["s4_2d", "2-dimensional"],
    ["s5_5d_a", "5-dimensional a"],
    ["freq_16", "frequency 16"],
    ["specht_4_2", "Specht (4, 2)"],
    ["sign_x_freq_1", "sign ⊗ frequency 1"],
    ["sign_rs", "sign rs"],
  ])("%s is %s", (name, words) => {
    expect(inWords(name)).toBe(words);
  });
});

describe("parameters", () => {
  it.each([
    [{ group: "S9" }, "the number after S must lie in 2 … 6, got S9"],
    [{ trainFraction: 1 }, "must lie strictly between 0 and 1"],
  ])("%j is refused", (changes, message) => {
    expect(study.params.safeParse(changes).error?.issues[0]?.message).toBe(message);
  });
});

describe("published networks", () => {
  const own = study.params.parse({ group: "S4", steps: 20, checkpointEvery: 20, evalEvery: 10 });

  it("are said to be absent where they are not there", async () => {
    const nowhere = memoryLab(study, own, instruments);
    const short: Lab = { ...nowhere, training: () => nowhere.training() };
    const page = await read(short, {}, own);
    expect(textOf(page).match(/TINYLENS_DATA/g)).toHaveLength(2);
    const held = page.findings.filter(({ kind, holds }) => kind === "mechanism" && holds);
    expect(held.map(({ id }) => id)).toEqual([]);
  });

  it.skipIf(absent)(
    "have their printed, published and recomputed numbers (skipped without ../shared/data)",
    async () => {
      const whole = memoryLab(study, own, instruments, published);
      const short: Lab = { ...whole, training: () => whole.training() };
      const page = await read(short, {}, own);
      const judged = page.claims.filter(({ id }) => !id.includes("-epoch-"));
      expect(judged.filter(({ holds }) => holds !== true)).toEqual([]);
      expect(judged).toHaveLength(35);
      expect(textOf(page)).not.toMatch(/NaN|undefined|no number|no share/);
      const ids = page.sections.flatMap(({ items }) =>
        items.flatMap((item) => (item.kind === "figure" && !item.folded ? [item.id] : [])),
      );
      expect(ids.length).toBeLessThanOrEqual(15);
    },
    120_000,
  );

  // Maps and pictures are drawn, and an answer is asked by a reader: no claim is made about them.
  it.skipIf(absent).each([
    ["representations", (value: Opened) => ({ ...value, summary: { train_loss: 1 } })],
    ["representations", (value: Opened) => ({ ...value, keyRepresentations: ["sign"] })],
    ["embeddings", (value: Embeddings) => ({ ...value, reduced: 2 * value.reduced })],
    ["parities", (value: number[][]) => value.map((means) => means.toReversed())],
    ["cosets", (value: unknown[]) => value.map(() => null)],
    ["asPrinted", (value: object) => ({ ...value, cosine: 0.6 })],
    ["moment", (value: Moment) => ({ ...value, test: 1.1 * value.test })],
  ] as const)(
    "a wrong value in %s (%#) makes a claim fail (skipped without ../shared/data)",
    async (name, change) => {
      const whole = memoryLab(study, own, instruments, published);
      const short: Lab = { ...whole, training: () => whole.training() };
      const page = await read(planted(short, name, change as never), {}, own);
      expect(page.claims.filter(({ holds }) => holds === false)).not.toEqual([]);
    },
    120_000,
  );
});
