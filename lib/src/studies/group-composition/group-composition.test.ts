import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { nativeBackend } from "../../compile/backends/native/index.ts";
import type { Backend } from "../../compile/index.ts";
import type { WeightArrays } from "../../models/index.ts";
import { groupComposition as task } from "../../tasks/index.ts";
import { type MetricsRow, train } from "../../train/index.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import { pairRunner } from "./forward.ts";
import { openGroupModels } from "./group-models.ts";
import { groupComposition } from "./index.ts";
import { networkOf } from "./networks.ts";
import { standingOut, sumOfSquaredWeights } from "./open.ts";
import type { GroupCompositionParams } from "./params.ts";
import { openSeed003 } from "./seed003.ts";

const data = new URL("../../../../../shared/data/", import.meta.url);
const absent = !existsSync(new URL("group-models/S5_MLP_seed1/model.pt", data));

let backend: Backend;

beforeAll(async () => {
  await init("wasm");
  backend = await nativeBackend();
});

const context = (): StudyContext => ({
  progress: () => {},
  backend,
  published: async (name) => {
    const file = new URL(name, data);
    return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined;
  },
});

const paramsOf = (changes: Partial<GroupCompositionParams> = {}): GroupCompositionParams =>
  groupComposition.params.parse(changes);

const { companions, analyse, claims, metrics, report } = groupComposition;

/** A run that has trained for no step at all. */
function untrained(params: GroupCompositionParams): TrainedRun {
  const { initial } = groupComposition.plan(params);
  return { metrics: [], checkpointSteps: [0], weights: async () => initial, companions: {} };
}

const small = { group: "S3", dEmbed: 8, dMlp: 12, trainFraction: 0.6, published: false } as const;

describe("training from a seed", () => {
  it.each([
    ["s5-mlp-seed2", 11, 3],
    ["d59-mlp-seed1", 11, 1],
  ] as const)(
    "repeats the first logged losses of %s",
    async (name, steps, count) => {
      const plan = companions?.(paramsOf())[name];
      if (plan === undefined) throw new Error("no such plan");
      const rows: MetricsRow[] = [];
      for await (const event of train({ ...plan, steps, checkpointEvery: steps }, backend)) {
        if (event.kind === "metrics") rows.push(event.row);
      }
      const judged = claims(paramsOf(), {
        ...(await analyse(paramsOf(small), untrained(paramsOf(small)), context())),
        repeated: {
          [name]: {
            step: rows.map(({ step }) => step),
            trainLoss: rows.map(({ trainLoss }) => trainLoss),
            testLoss: [],
            trainAccuracy: [],
            testAccuracy: [],
          },
        },
      });
      expect(judged).toHaveLength(count);
      const reached = judged.filter(({ measured }) =>
        (measured as number[]).every(Number.isFinite),
      );
      expect(reached).toHaveLength(name === "s5-mlp-seed2" ? 2 : 1);
      expect(reached.filter(({ holds }) => !holds)).toEqual([]);
    },
    120_000,
  );
});

describe("published models", () => {
  it.skipIf(absent)(
    "have their published metrics (skipped without ../shared/data)",
    async () => {
      const groupModels = await openGroupModels(context());
      const seed003 = await openSeed003(context());
      const own = await analyse(paramsOf(small), untrained(paramsOf(small)), context());
      const judged = claims(paramsOf(), { ...own, groupModels, seed003 });
      expect(groupModels).toHaveLength(4);
      expect(judged.length).toBeGreaterThan(30);
      expect(judged.filter(({ holds }) => !holds)).toEqual([]);
      expect(report(paramsOf(), { ...own, groupModels, seed003 }).length).toBeGreaterThan(10);
    },
    120_000,
  );

  it("are left out where they are not at hand", async () => {
    const nowhere = { ...context(), published: async () => undefined };
    expect(await openSeed003(nowhere)).toBeNull();
    expect(await openGroupModels(nowhere)).toEqual([]);
  });
});

describe("the analysis", () => {
  it.each([
    ["one-layer-mlp", { bias: true }],
    ["bilinear", {}],
    ["hooked-transformer", { dModel: 8, nHeads: 2 }],
  ] as const)("opens a %s", async (model, changes) => {
    const params = paramsOf({ ...small, ...changes, model });
    const results = await analyse(params, untrained(params), context());
    const found = metrics(results);
    const plan = groupComposition.plan(params);
    for await (const event of train({ ...plan, steps: 1, checkpointEvery: 1 }, backend)) {
      if (event.kind !== "metrics" || event.row.step > 0) continue;
      expect(found.train_loss).toBeCloseTo(event.row.trainLoss, 6);
      expect(found.test_loss).toBeCloseTo(event.row.testLoss, 6);
      expect(found.test_acc).toBeCloseTo(event.row.testAccuracy, 12);
    }
    expect("sum_of_squared_weights" in found).toBe(model !== "hooked-transformer");
    expect(results.opened.squaredWeights).toBeCloseTo(sumOfSquaredWeights(plan.initial), 6);
    expect(results.progress).toBeNull();
    const sections = report(params, results);
    const ids = sections.flatMap(({ figures }) => figures.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(claims(params, results)).toEqual([]);
  });

  it("of weights whose data are not known leaves out what depends on the split", async () => {
    const params = paramsOf(small);
    const known = metrics(await analyse(params, untrained(params), context()));
    const run = { ...untrained(params), dataKnown: false };
    const results = await analyse(params, run, context());
    const found = metrics(results);
    const left = Object.keys(known).filter((name) => !(name in found));
    expect(left).toContain("test_loss");
    expect(left.every((name) => /^(train|test)_|excluded/.test(name))).toBe(true);
    expect(found).toMatchObject({ all_loss: known.all_loss, all_acc: known.all_acc });
    const prose = JSON.stringify(report(params, results).map((section) => section.prose));
    expect(prose).not.toMatch(/not trained on|Test loss|training pairs/);
  });

  it("of a checkpoint alone opens no published model", async () => {
    const params = paramsOf({ ...small, published: true });
    const results = await analyse(params, untrained(params), context());
    expect(results.groupModels).toEqual([]);
    expect(results.seed003).toBeNull();
  });

  it("follows the final key representations through the checkpoints", async () => {
    const params = paramsOf(small);
    const { initial } = groupComposition.plan(params);
    const doubled: WeightArrays = Object.fromEntries(
      Object.entries(initial).map(([name, x]) => [name, { ...x, data: x.data.map((y) => 2 * y) }]),
    );
    const run: TrainedRun = {
      metrics: [],
      checkpointSteps: [0, 10],
      weights: async (step) => (step === 0 ? initial : doubled),
      companions: {},
    };
    const { progress, opened } = await analyse(params, run, context());
    const [first, last] = progress?.squaredWeights ?? [];
    expect((last as number) / (first as number)).toBeCloseTo(4, 10);
    expect(progress?.restricted.at(-1)).toBe(opened.analysis.losses.hiddenRestricted);
    expect(progress?.similarity.shape).toEqual([2, 3]);
  });
});

describe("a forward pass in blocks", () => {
  it("gives what one pass gives, with a last block that is not full", async () => {
    const params = paramsOf(small);
    const { initial, config } = groupComposition.plan(params);
    const { tokens } = task.examples(params);
    const run = async (largest?: number) => {
      const network = networkOf(params.model);
      const runner = await pairRunner(backend, network, config, initial, tokens, largest);
      const found = await runner.run(initial);
      await runner.release();
      return found;
    };
    const [whole, cut] = [await run(), await run(10)];
    expect(whole.logits.shape).toEqual([36, 6]);
    expect(cut.logits.shape).toEqual([36, 6]);
    expect(cut.hidden.shape).toEqual([36, 12]);
    for (const key of ["logits", "hidden"] as const) {
      const errors = Array.from(whole[key].data, (x, i) => Math.abs(x - (cut[key].data[i] ?? 9)));
      expect(Math.max(...errors)).toBeLessThan(1e-6);
    }
  });
});

describe("singular values that stand out", () => {
  it("are those before the largest ratio, zeros left aside", () => {
    expect(standingOut([6.2, 6.1, 4, 0.37, 0.3, 0.1])).toBe(3);
    expect(standingOut([5, 4, 1e-15, 1e-16])).toBe(1);
  });
});

describe("parameters", () => {
  it.each([
    [{ group: "S9" }, "the number after S must lie in 2 … 6, got S9"],
    [{ trainFraction: 1 }, "must lie strictly between 0 and 1"],
  ])("%j is refused", (changes, message) => {
    expect(groupComposition.params.safeParse(changes).error?.issues[0]?.message).toBe(message);
  });
});
