import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { fileLab, Instruments, type Lab, memoryLab, upTo } from "../../lab/index.ts";
import { planted } from "../../lab/testing/planted.ts";
import { hookedTransformer } from "../../models/index.ts";
import { resultsOf } from "../testing/in-memory.ts";
import { modularAdditionArticle as study } from "./article.ts";
import { modularAddition } from "./index.ts";

const params = study.params.parse(study.smoke);
const instruments = new Instruments(nativeBackend);
let lab: Lab;

const read = (from: Lab, view: object = {}, of = params): Promise<Page> =>
  readArticle(study.article(of, from, study.view.parse(view)));

beforeAll(async () => {
  await init();
  lab = memoryLab(study as never, params, instruments);
});
afterAll(() => instruments[Symbol.asyncDispose]());

const texts = ({ summary, sections }: Page): string =>
  JSON.stringify([
    summary,
    sections.map(({ title, items }) => [
      title,
      items.map((item) => ("figure" in item ? [item.title, item.see] : item)),
    ]),
  ]);

describe("modular-addition as an article", () => {
  it("has the numbers of the study it replaces, on the same training", async () => {
    const page = await read(lab);
    const results = await resultsOf(modularAddition, params, await nativeBackend());
    const before = modularAddition.metrics(results);
    expect(Object.keys(page.metrics).sort()).toEqual(Object.keys(before).sort());
    for (const [name, value] of Object.entries(before)) {
      expect(page.metrics[name], name).toBeCloseTo(value, 9);
    }
    expect(texts(page)).not.toMatch(/NaN|undefined|no number|no share|""/);
  });
});
