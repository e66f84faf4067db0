import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { Instruments, type Lab, memoryLab, upTo } from "../../lab/index.ts";
import { planted } from "../../lab/testing/planted.ts";
import { maxOfTwo } from "./article.ts";
import type { Proofs } from "./measure.ts";
import { plan } from "./plan.ts";

const params = maxOfTwo.params.parse({ ...maxOfTwo.smoke, steps: 40 });
const instruments = new Instruments(nativeBackend);
let lab: Lab;

const read = (from: Lab, view: object = {}): Promise<Page> =>
  readArticle(maxOfTwo.article(params, from, maxOfTwo.view.parse(view)));

beforeAll(async () => {
  await init();
  lab = memoryLab(maxOfTwo, params, instruments);
});
afterAll(() => instruments[Symbol.asyncDispose]());

describe("max-of-two as an article", () => {
  it("tells its story in order, with the numbers that the first version of the study had", async () => {
    const page = await read(lab);
    expect(page.metrics).toMatchSnapshot();
    expect(page.claims.map(({ id, holds }) => [id, holds])).toEqual([
      ["cubic-bound", true],
      ["subcubic-bound", true],
    ]);
    expect(page.sections.map(({ title }) => title)).toEqual([
      "Learning",
      "Where it attends",
      "What attention writes",
      "What does not depend on the numbers",
      "Proofs of accuracy",
      "Attention over training",
    ]);
  });

  it("agrees with the trainer on how many sequences are right", async () => {
    const { train, test } = plan(params).split;
    const { trainAccuracy, testAccuracy, bruteForceAccuracy } = (await read(lab)).metrics;
    const [trained, tested] = [train.labels.data.length, test.labels.data.length];
    const right = (trainAccuracy as number) * trained + (testAccuracy as number) * tested;
    const share = bruteForceAccuracy as number;
    expect(Math.abs(right - share * (trained + tested))).toBeLessThanOrEqual(1);
  });

  it("has one frame of the animation for each checkpoint", async () => {
    const items = (await read(lab)).sections.flatMap((section) => section.items);
    const animation = items.find((item) => item.kind === "figure" && item.id === "animation");
    const frames = animation?.kind === "figure" ? animation.figure.frames : [];
    expect(frames?.map(({ name }) => name)).toEqual(["0", "20", "40"]);
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
