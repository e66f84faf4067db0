import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { Instruments, type Lab, memoryLab, upTo } from "../../lab/index.ts";
import { planted } from "../../lab/testing/planted.ts";
import { resultsOf } from "../testing/in-memory.ts";
import { maxOfTwoArticle } from "./article.ts";
import { maxOfTwo } from "./index.ts";
import type { Proofs } from "./measure.ts";

const params = maxOfTwoArticle.params.parse({ ...maxOfTwoArticle.smoke, steps: 40 });
const instruments = new Instruments(nativeBackend);
let lab: Lab;

const read = (from: Lab, view: object = {}): Promise<Page> =>
  readArticle(maxOfTwoArticle.article(params, from, maxOfTwoArticle.view.parse(view)));

beforeAll(async () => {
  await init();
  lab = memoryLab(maxOfTwoArticle as never, params, instruments);
});
afterAll(() => instruments[Symbol.asyncDispose]());

describe("max-of-two as an article", () => {
  it("has the numbers and verdicts of the study it replaces, on the same training", async () => {
    const page = await read(lab);
    const results = await resultsOf(maxOfTwo, params, await nativeBackend());
    const before = maxOfTwo.metrics(results);
    expect(Object.keys(page.metrics).sort()).toEqual(Object.keys(before).sort());
    for (const [name, value] of Object.entries(before)) {
      expect(page.metrics[name], name).toBeCloseTo(value, 9);
    }
    const verdicts = new Map(page.claims.map(({ id, holds }) => [id, holds]));
    for (const { id, holds } of maxOfTwo.claims(params, results)) {
      if (id !== "derived-seeds") expect(verdicts.get(id), id).toBe(holds);
    }
    expect(page.sections.map(({ title }) => title)).toEqual([
      "Learning",
      "Where it attends",
      "What attention writes",
      "What does not depend on the numbers",
      "Proofs of accuracy",
      "How attention takes shape",
    ]);
  });

  it("finds no mechanism in a network that was not trained", async () => {
    const page = await read(upTo(lab, 0));
    const held = page.findings.filter(({ kind, holds }) => kind === "mechanism" && holds);
    expect(held.map(({ id }) => id)).toEqual([]);
  });

  it("notices a proof of more than is true", async () => {
    const wrong = planted(lab, "proofs", (value: Proofs) => ({
      ...value,
      subcubic: { ...value.subcubic, correct: value.subcubic.total + 1 },
    }));
    const page = await read(wrong);
    const failed = page.claims.filter(({ holds }) => holds === false);
    expect(failed.map(({ id }) => id)).toEqual(["subcubic-bound"]);
  });

  it("answers a pair of the reader's, and refuses one that the model cannot read", async () => {
    const page = await read(lab, { pair: [3, 9] });
    expect(page.sections.map(({ title }) => title)).toContain("Your numbers: 3, 9");
    await expect(read(lab, { pair: [3, 12] })).rejects.toThrow(
      "max-of-two: pair must be 2 numbers from 0 to 11, got 3,12",
    );
  });

  it("says nothing that is no number", async () => {
    const { sections, summary } = await read(lab);
    const text = JSON.stringify([summary, sections.map(({ title, items }) => [title, items])]);
    expect(text).not.toMatch(/NaN|undefined|no number|no share/);
  });
});
