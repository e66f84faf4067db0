import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { type AnyPlan, fileLab, Instruments, type Lab, memoryLab, upTo } from "../../lab/index.ts";
import { resultsOf } from "../testing/in-memory.ts";
import { groupCompositionArticle as study } from "./article.ts";
import { groupComposition } from "./index.ts";
import { answer } from "./measure.ts";
import type { GroupCompositionParams } from "./params.ts";

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
  lab = memoryLab(study as never, params, instruments);
});
afterAll(() => instruments[Symbol.asyncDispose]());

/** Every word of a page; the numbers of figures are left out. */
const textOf = ({ summary, sections }: Page): string =>
  JSON.stringify([summary, sections], (key, value) => (key === "figure" ? undefined : value));

describe("group composition as an article", () => {
  it("has the numbers of the study it replaces, on the same training", async () => {
    const page = await read(lab);
    const results = await resultsOf(groupComposition, params, await nativeBackend());
    const before = groupComposition.metrics(results);
    expect(Object.keys(page.metrics).sort()).toEqual(Object.keys(before).sort());
    for (const [name, value] of Object.entries(before)) {
      expect(page.metrics[name], name).toBeCloseTo(value, 9);
    }
    expect(page.sections.map(({ title }) => title)).toEqual([
      "Learning",
      "The group S3",
      "Which representations the network uses",
      "The embedding of the network",
      "Neurons of the network",
      "Logits of the network and the trace",
      "Weights of the network",
      "How the representations grow",
    ]);
    expect(page.claims).toEqual([]);
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
    const page = await read(memoryLab(study as never, own, instruments), {}, own);
    expect(textOf(page)).not.toMatch(/NaN|undefined|no number|no share/);
    expect("sum_of_squared_weights" in page.metrics).toBe(model !== "hooked-transformer");
  });

  it("answers what a reader asks, and refuses what this network does not have", async () => {
    const view = { pair: [1, 4], neuron: 3, representation: "standard", step: 200 };
    const page = await read(lab, view);
    const titles = page.sections.map(({ title }) => title);
    for (const title of ["Your pair: 1, 4", "Neuron 3", "Representation: standard"]) {
      expect(titles).toContain(title);
    }
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

describe("published networks", () => {
  const own = study.params.parse({ group: "S4", steps: 20, checkpointEvery: 20, evalEvery: 10 });

  it("are said to be absent where they are not at hand", async () => {
    const nowhere = memoryLab(study as never, own, instruments);
    const short: Lab = { ...nowhere, training: () => nowhere.training() };
    const text = textOf(await read(short, {}, own));
    expect(text.match(/TINYLENS_DATA/g)).toHaveLength(2);
  });

  it.skipIf(absent)(
    "have their printed, published and recomputed numbers (skipped without ../shared/data)",
    async () => {
      const whole = memoryLab(study as never, own, instruments, published);
      const short: Lab = { ...whole, training: () => whole.training() };
      const page = await read(short, {}, own);
      const judged = page.claims.filter(({ id }) => !id.includes("-epoch-"));
      expect(judged.filter(({ holds }) => holds !== true)).toEqual([]);
      expect(judged.length).toBeGreaterThan(35);
      expect(textOf(page)).not.toMatch(/NaN|undefined|no number|no share/);
      const ids = page.sections.flatMap(({ items }) =>
        items.flatMap((item) => (item.kind === "figure" && !item.folded ? [item.id] : [])),
      );
      expect(ids.length).toBeLessThanOrEqual(15);
    },
    120_000,
  );
});
