/** A study that changes between runs, or while one goes on. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { AnyPlan, Study } from "../lab/index.ts";
import { smallPlan } from "../train/testing/small-plan.ts";
import { pagePath } from "./read-page.ts";
import { runArticle } from "./run-article.ts";
import type { RunOptions } from "./run-options.ts";
import { native, paramsOf } from "./testing/small-run.ts";
import { smallStudy } from "./testing/small-study.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-stale-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const study = smallStudy as unknown as Study;
const recordOf = (run: string) => JSON.parse(readFileSync(join(run, "run.json"), "utf8"));

function run(changes: Partial<Study>, out: string, more: Partial<RunOptions> = {}) {
  const asked = { study: { ...study, ...changes }, params: paramsOf(), view: {} };
  return runArticle(asked, { backend: native, out: join(root, out), ...more });
}

describe("a study that changes", () => {
  it("while it trains is measured again in the next run", async () => {
    const file = join(root, "measured.ts");
    const measurements = pathToFileURL(file).href;
    writeFileSync(file, "first");
    const onProgress: RunOptions["onProgress"] = ({ kind }) => {
      if (kind === "start") writeFileSync(file, "second");
    };
    await run({ measurements }, "edited", { onProgress });
    const said: string[] = [];
    const listen: RunOptions["onProgress"] = (one) => {
      if (one.kind === "message") said.push(one.text);
    };
    await run({ measurements }, "edited", { onProgress: listen });
    expect(said).toContain("measuring weightsSize at step 12");
    const refuse = () => Promise.reject(new Error("not needed"));
    expect(await run({ measurements }, "edited", { backend: refuse })).toMatchObject({
      loaded: true,
    });
  });

  it("in what it trains, and back, has a record of what its report is about", async () => {
    const wide = () => ({ model: smallPlan({ steps: 12, batchSeed: 7, batchSize: 9 }) as AnyPlan });
    const first = await run({}, "plans");
    const before = recordOf(first.run);
    await run({ plans: wide }, "plans");
    expect(recordOf(first.run).trainings).not.toEqual(before.trainings);
    const back = await run({}, "plans");
    expect(back.metrics).toEqual(first.metrics);
    expect(recordOf(first.run)).toMatchObject({
      trainings: before.trainings,
      metrics: before.metrics,
    });
  });

  it("in what it claims, without a measurement, has a record of these claims", async () => {
    const claiming =
      (limit: number): Study["article"] =>
      (_, lab, view) =>
        study.article({ ...paramsOf(), limit }, lab, view);
    const { run: folder } = await run({ article: claiming(10) }, "claims");
    expect(recordOf(folder).claims).toMatchObject([{ expected: 10, holds: true }]);
    await run({ article: claiming(-1) }, "claims");
    expect(recordOf(folder).claims).toMatchObject([{ expected: -1, holds: false }]);
  });
});

describe("parameters and views from a program", () => {
  it("get their defaults, and are refused where the study has none of the name", async () => {
    const options = { backend: native, out: join(root, "params") };
    const one = await runArticle(
      { study, params: { steps: 12, shuffled: false }, view: {} },
      options,
    );
    const all = await runArticle({ study, params: paramsOf(), view: {} }, options);
    expect(all).toEqual({ ...one, loaded: true });
    const asked = (params: unknown, view: unknown) => runArticle({ study, params, view }, options);
    await expect(asked({ stesp: 3 }, {})).rejects.toThrow(/^small-addition: .*stesp/);
    await expect(asked({ steps: 1.5 }, {})).rejects.toThrow(
      "small-addition: steps: must be a whole number, got 1.5",
    );
    await expect(asked(paramsOf(), { rwo: 3 })).rejects.toThrow(/^small-addition: .*rwo/);
  });

  it("have pages of their own, also where a name of a file cannot say them", () => {
    const view = z.strictObject({ text: z.string().default("") });
    const pages = ["a b", "a_b", "../x", "y".repeat(300), "y".repeat(301)].map((text) =>
      basename(pagePath(root, { study: { ...study, view }, params: {}, view: { text } })),
    );
    expect(pages[1]).toBe("report-text=a_b.html");
    expect(new Set(pages).size).toBe(5);
    for (const page of pages) expect(page).toMatch(/^report-text=[\w.-]{1,230}\.html$/);
  });
});

describe("a process killed while it wrote a measurement", () => {
  it("leaves nothing behind once the run has ended", async () => {
    const { run: folder } = await run({}, "killed");
    const held = join(folder, "measurements");
    const names = readdirSync(held);
    const [name = ""] = names;
    const left = join(held, `${name.slice(0, 40)}.unfinished-999999999-00000000-0123456789abcdef`);
    writeFileSync(left, "half");
    rmSync(join(held, name));
    await run({}, "killed");
    expect(readdirSync(held).sort()).toEqual(names.sort());
  });
});
