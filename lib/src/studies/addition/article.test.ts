import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { fileLab, Instruments, type Lab, memoryLab, upTo } from "../../lab/index.ts";
import { hookedTransformer } from "../../models/index.ts";
import golden from "./article.golden.json" with { type: "json" };
import { additionStudy } from "./article.ts";
import { initialWeights, modelConfig } from "./plan.ts";

const params = additionStudy.params.parse(additionStudy.smoke);
const instruments = new Instruments(nativeBackend);
let lab: Lab;

const read = (from: Lab, view: object = {}): Promise<Page> =>
  readArticle(additionStudy.article(params, from, additionStudy.view.parse(view)));

beforeAll(async () => {
  await init();
  lab = memoryLab(additionStudy as never, params, instruments);
});
afterAll(() => instruments[Symbol.asyncDispose]());

describe("addition as an article", () => {
  it("tells its story in order, with the numbers that the first version of the study had", async () => {
    const page = await read(lab);
    expect(Object.keys(page.metrics).sort()).toEqual(Object.keys(golden).sort());
    for (const [name, value] of Object.entries(golden)) {
      expect(page.metrics[name], name).toBeCloseTo(value, 5);
    }
    expect(page.claims).toEqual([]);
    expect(page.sections.map(({ title }) => title)).toEqual([
      "The task",
      "Training",
      "Loss by sub-task",
      "When the loss of each digit falls",
      "How well it adds",
      "Where it attends",
      "Carries",
      "The hook experiment",
      "What each component writes",
      "What each component is needed for",
      "What each component is needed for, during training",
      "Head by head",
      "Digit by digit",
    ]);
  });

  it.each([0, 20])("finds no mechanism in a network trained for %i steps", async (step) => {
    const page = await read(upTo(lab, step));
    const held = page.findings.filter(({ kind, holds }) => kind === "mechanism" && holds);
    expect(held.map(({ id }) => id)).toEqual([]);
  });

  it("answers a sum of the reader's, a head and a digit, and refuses what is not there", async () => {
    const page = await read(lab, { sum: "7+96", head: 1, digit: 2, step: 20 });
    expect(page.sections.map(({ title }) => title)).toContain("Your sum: 07+96");
    const items = page.sections.flatMap((section) => section.items);
    const chosen = items.flatMap((item) => (item.kind === "explore" ? [item.first] : []));
    expect(chosen).toEqual([1, 2]);
    await expect(read(lab, { sum: "123+4" })).rejects.toThrow(
      "addition: sum must be of numbers of at most 2 digits, got 123+4",
    );
    await expect(read(lab, { head: 2 })).rejects.toThrow(
      "addition: head must be from 0 to 1, got 2",
    );
    await expect(read(lab, { digit: 3 })).rejects.toThrow(
      "addition: digit must be from 0 to 2, got 3",
    );
  });

  it("reads a model from a file, of which nobody knows the training", async () => {
    const weights = initialWeights(params);
    const file = { model: hookedTransformer, config: modelConfig(params), weights, sha256: "" };
    const page = await read(await fileLab(file, instruments));
    expect(page.sections.map(({ title }) => title)).toEqual([
      "The task",
      "How well it adds",
      "Where it attends",
      "Carries",
      "The hook experiment",
      "What each component writes",
      "What each component is needed for",
      "Head by head",
      "Digit by digit",
    ]);
    expect(page.metrics.questions).toBe(100_000);
  });

  it("says nothing that is no number", async () => {
    const { sections, summary } = await read(lab, { sum: "12+34", head: 0, digit: 1 });
    const items = sections.flatMap((section) => [section.title, ...section.items]);
    const text = JSON.stringify([
      summary,
      items.map((item) => ({ ...(item as object), figure: 0 })),
    ]);
    expect(text).not.toMatch(/NaN|undefined|no number|no share/);
  });
});
