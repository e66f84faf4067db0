import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { sizeOf } from "../core/nd.ts";
import type { AnyPlan, Study } from "../lab/index.ts";
import * as all from "../studies/all.ts";
import { addition, skipTrigram } from "../studies/all.ts";
import { checkExamples, exampleSizes } from "../train/examples-check.ts";
import { checkedPlans, checkPlan } from "./plan-check.ts";
import { runArticle } from "./run-article.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-plan-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const studies = { ...all };

const ownPlan = (study: unknown, params: unknown): AnyPlan =>
  checkedPlans(study as Study, params).model as AnyPlan;

const small = { trainCount: 100, testCount: 10, batchSize: 10, epochs: 2 };

describe("parameters that no machine can train with", () => {
  const backend = () => Promise.reject(new Error("nothing is to be compiled"));
  it.each<[string, object, string]>([
    [
      "batches beyond the training set",
      { batchSize: 1e8 },
      "batchSize: must be 1 to 100 (training examples), got 100000000",
    ],
    [
      "more examples than can be made",
      { trainCount: 1e15, batchSize: 1e12 },
      "skip-trigram: the parameters ask for 4.00e+15 tokens of examples, at most 10,000,000 are possible; choose fewer or shorter examples",
    ],
    [
      "hardly any test examples",
      { testCount: 1 },
      "skip-trigram: the parameters leave 1 examples to test on, at least 10 are needed; choose a larger task or another share",
    ],
  ])("are refused before anything is written: %s", async (name, change, message) => {
    const out = join(root, name.replaceAll(" ", "-"));
    const params = skipTrigram.params.parse({ ...small, ...change });
    const asked = { study: skipTrigram, params, view: {} };
    const running = runArticle(asked, { device: "native", backend, out });
    await expect(running).rejects.toThrow(new InputError(message));
    const left = existsSync(out) ? readdirSync(out, { recursive: true }) : [];
    expect(left).toEqual([]);
  });

  it.each(Object.values(studies) as Study[])("are not those of the smoke run of $name", (study) => {
    for (const plan of Object.values(checkedPlans(study, study.params.parse(study.smoke)))) {
      const sizes = exampleSizes(plan.model, plan.config);
      checkExamples("train", plan.split.train, sizes);
      checkExamples("test", plan.split.test, sizes);
    }
  });

  it("a batch that the memory cannot hold is named with both sizes", () => {
    const params = addition.params.parse({ batchSize: 2, dModel: 8, nHeads: 1, dMlp: 8 });
    const plan = { ...ownPlan(addition, params), batchSize: 2 ** 27 };
    expect(() => checkPlan("addition", plan, 2 ** 33)).toThrow(
      /^addition: an update takes at least 1\d\d GB of memory, this machine has 8\.00; choose a smaller batch or model$/,
    );
    expect(() => checkPlan("addition", plan, 2 ** 40)).not.toThrow();
  });

  it.each<[keyof typeof studies, object, RegExp]>([
    ["addition", { batchSize: 1e9 }, /9,000,000,000 tokens of examples, at most 10,000,000/],
    ["addition", { dMlp: 1e6 }, /\d\d,\d{3},\d{3} weights, at most 20,000,000 .*narrower model$/],
    ["addition", { data: "finite", trainCount: 1e9 }, /tokens of examples/],
    ["groupComposition", { dEmbed: 1e9 }, /weights/],
    ["inductionHeads", { vocabulary: 1e9 }, /weights/],
    ["inductionHeads", { batchSize: 1e9 }, /tokens of examples/],
    ["maxOfFour", { testCount: 1e9 }, /tokens of examples/],
    ["maxOfTwo", { n: 5, vocab: 256 }, /6,597,069,766,656 tokens of examples/],
    ["maxOfTwo", { dModel: 1e9 }, /weights/],
    ["modularAddition", { dMlp: 1e9 }, /weights/],
    ["modularAddition", { outputs: 1e9 }, /weights/],
    ["modularAdditionBitnet", { dModel: 4e8 }, /weights/],
    ["skipTrigram", { testCount: 1e9 }, /tokens of examples/],
    ["modularAddition", { p: 3 }, /^modular-addition: the parameters leave 2 examples to train on/],
  ])("%s with %j is refused in a moment", (name, changes, message) => {
    const study = studies[name] as Study;
    const before = process.cpuUsage().user;
    const params = study.params.parse({ ...(study.smoke as object), ...changes });
    expect(() => checkedPlans(study, params)).toThrow(message);
    expect(process.cpuUsage().user - before).toBeLessThan(2e6);
  });

  it.each<[keyof typeof studies, object, string]>([
    ["addition", { dModel: -1 }, "Too small: expected number to be >0"],
    ["skipTrigram", { earlierEpochs: 1e9 }, "Too big: expected number to be <=1000000"],
    ["skipTrigram", { nHeads: 1e6 }, "Too big: expected number to be <=1024"],
    ["skipTrigram", { trainCount: 1e6, batchSize: 10 }, "must be at least 100, for at most 10000"],
    [
      "modularAddition",
      { p: 9 },
      "must be a prime, so that every frequency tells all answers apart; the nearest is 7",
    ],
    ["modularAdditionBitnet", { p: 8 }, "the nearest is 7"],
    ["modularAddition", { nHeads: 2048 }, "Too big: expected number to be <=1024"],
  ])("%s with %j breaks a rule of its schema", (name, changes, message) => {
    const parsed = (studies[name] as Study).params.safeParse(changes);
    expect(parsed.error?.issues.map((issue) => issue.message).join()).toContain(message);
  });

  it("every study says the size that its plan then has", () => {
    for (const study of Object.values(studies) as Study[]) {
      const one = study.name === "max-of-four" ? { seeds: 1 } : {};
      const params = study.params.parse({ ...(study.smoke as object), ...one });
      const { model, config, split, stream } = study.plans(params).model as AnyPlan;
      const weights = model.parameters(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      const parts =
        stream === undefined || split.train !== split.test
          ? [split.train, split.test]
          : [split.train];
      const tokens = parts.reduce((sum, part) => sum + sizeOf(part.tokens.shape), 0);
      expect([study.name, study.size(params)]).toEqual([study.name, { weights, tokens }]);
    }
  });

  it("what can be trained passes", () => {
    expect(() => ownPlan(skipTrigram, skipTrigram.params.parse(small))).not.toThrow();
  });
});
