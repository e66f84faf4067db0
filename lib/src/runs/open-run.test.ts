import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { argmax } from "../arrays/index.ts";
import { nativeBackend } from "../compile/index.ts";
import { maxOfFour } from "../studies/max-of-four/index.ts";
import { analyzeArticle, openRun, runArticle } from "./index.ts";

const study = maxOfFour;
const params = study.params.parse({ ...study.smoke, steps: 20, checkpointEvery: 10 });
const backend = () => nativeBackend();

let out: string;
let run: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "tinylens-open-"));
  run = (await runArticle({ study: study as never, params, view: {} }, { out, backend })).run;
});
afterAll(() => rm(out, { recursive: true, force: true }));

describe("openRun", () => {
  it("gives the model at its end, with its data and its curves", async () => {
    const { model, split, curves, step, steps } = await openRun(run);
    expect([step, steps]).toEqual([20, [0, 10, 20]]);
    const { tokens, labels } = split?.test ?? {};
    const logits = model.forward(tokens as never).at([], -1);
    const answers = argmax(logits, -1).tolist() as number[];
    const right = answers.filter((answer, i) => answer === labels?.data[i]).length;
    expect(right / answers.length).toBeCloseTo(curves.testAccuracy.at(-1) as number, 6);
  });

  it("gives another checkpoint, and the other trainings of a study", async () => {
    const start = await openRun(run, { step: 0 });
    expect(start.model.W_E.tolist()).toEqual((await openRun(run, { step: 0 })).model.W_E.tolist());
    const other = await openRun(run, { training: "seed-50", step: 0 });
    expect(other.model.W_E.tolist()).not.toEqual(start.model.W_E.tolist());
    await expect(openRun(run, { training: "seed-5" })).rejects.toThrow(
      'openRun: unknown training "seed-5"; did you mean seed-50, model?',
    );
    await expect(openRun(run, { step: 5 })).rejects.toThrow(
      /^openRun: step 5 has no checkpoint in run max-of-four-\w{8}; those are 0, 10, 20$/,
    );
  });

  it("does not take a study in a file for one of tinylens, nor another for the run's", async () => {
    const own = { study: study as never, params, view: {}, file: "./max-of-four.ts" };
    const folder = (await runArticle(own, { out, backend })).run;
    expect((await openRun(folder)).plan).toBe(undefined);
    expect((await openRun(folder, { study: study as never })).split).toBeDefined();
    const other = { ...study, name: "other" } as never;
    await expect(openRun(folder, { study: other })).rejects.toThrow(
      "openRun: the run is of the study max-of-four, got other",
    );
  });

  it("gives the model of an analyzed file, and refuses what is no run", async () => {
    const { model } = await openRun(run);
    const names = Object.keys(model.weights);
    const [training = ""] = await readdir(join(out, "trainings"));
    const file = join(out, "trainings", training, "checkpoints", "20.safetensors");
    const asked = { study: study as never, params, view: {} };
    const analyzed = await analyzeArticle(asked, { file, out, backend });
    const opened = await openRun(analyzed.run);
    expect(Object.keys(opened.model.weights)).toEqual(names);
    expect([opened.plan, opened.split, opened.steps]).toEqual([undefined, undefined, []]);
    await expect(openRun(analyzed.run, { step: 10 })).rejects.toThrow(
      /^openRun: run \S+ is of an analyzed file; leave out step$/,
    );
    await expect(openRun(out)).rejects.toThrow(`openRun: ${out} is no folder of a run`);
  });
});
