/** No article finds an understanding where there is none, or says what its own numbers contradict. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../arrays/index.ts";
import { type Page, type PageItem, readArticle } from "../article/index.ts";
import { nativeBackend } from "../compile/index.ts";
import { Instruments, type Lab, memoryLab, type Study, upTo } from "../lab/index.ts";
import { shuffled } from "../lab/testing/shuffled.ts";
import * as all from "./all.ts";

const studies = Object.values(all) as unknown as readonly Study[];

/** Mechanisms that may be found in networks that did not learn, with the reason. */
const exceptions: Readonly<Record<string, string>> = {};

/** Every text of a page, by where it stands. */
function textsOf({ summary, sections }: Page): string[] {
  const ofItem = (item: PageItem): string[] => {
    if (item.kind === "prose") return [item.text];
    if (item.kind === "figure") return [item.title, item.see];
    if (item.kind === "table") return [item.title, ...item.rows.flatMap(Object.values)];
    return item.kind === "explore" ? item.parts.flatMap(({ items }) => items.flatMap(ofItem)) : [];
  };
  return [summary, ...sections.flatMap(({ title, items }) => [title, ...items.flatMap(ofItem)])];
}

/** Texts that no number or no sentence stands behind. */
const broken = /\bNaN\b|undefined|null|infinity|no number|no share|\s{2}|\s[.,;:]|^[.,;]|\(\)/;

describe.each(studies)("$name", (study) => {
  const params = study.params.parse(study.smoke);
  const instruments = new Instruments(nativeBackend);
  let lab: Lab;
  let middle: number;

  beforeAll(async () => {
    await init();
    lab = memoryLab(study, params, instruments);
    const { steps } = await lab.training();
    middle = steps[Math.floor((steps.length - 1) / 2)] as number;
  });
  afterAll(() => instruments[Symbol.asyncDispose]());

  const read = async (from: Lab): Promise<Page> => {
    const page = await readArticle(study.article(params, from, study.view.parse({})));
    expect(textsOf(page).filter((text) => broken.test(text))).toEqual([]);
    return page;
  };
  const understood = ({ findings }: Page): string[] =>
    findings
      .filter(({ kind, holds }) => kind === "mechanism" && holds === true)
      .map(({ id }) => `${study.name}: ${id}`)
      .filter((found) => !Object.hasOwn(exceptions, found));

  it("is sound to read as it is", async () => {
    const page = await read(lab);
    expect(page.summary.length).toBeGreaterThan(40);
    const ids = page.findings.map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i && !isRepeated(page, id))).toEqual([]);
  });

  it("finds no mechanism before training", async () => {
    expect(understood(await read(upTo(lab, 0)))).toEqual([]);
  });

  it("finds no mechanism half-way through a training of seconds", async () => {
    expect(understood(await read(upTo(lab, middle)))).toEqual([]);
  });

  it("finds no mechanism where labels are dealt out at random", async () => {
    const dealt: Study = {
      ...study,
      plans: (given) =>
        Object.fromEntries(
          Object.entries(study.plans(given)).map(([name, plan]) => [name, shuffled(plan)]),
        ),
    };
    expect(understood(await read(memoryLab(dealt, params, instruments)))).toEqual([]);
  });
});

/** Whether a finding that stands twice says the same of the network both times. */
function isRepeated({ findings }: Page, id: string): boolean {
  const verdicts = findings.filter((one) => one.id === id).map(({ holds }) => holds);
  return verdicts.every((holds) => holds === verdicts[0]);
}

describe("the rule about texts", () => {
  it.each(["It is NaN nats.", "It answers no number.", "The first , the second", "all ()"])(
    "would notice %j",
    (text) => {
      expect(broken.test(text)).toBe(true);
    },
  );
});
