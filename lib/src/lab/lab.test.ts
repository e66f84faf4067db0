import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { init, type Tensor } from "../arrays/index.ts";
import { nativeBackend } from "../compile/index.ts";
import { nd } from "../core/nd.ts";
import { writeModel } from "../interchange/index.ts";
import type { HookedModel } from "../models/index.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { Examples } from "../tasks/task.ts";
import { dataLoaderOrder } from "../train/index.ts";
import { smallPlan } from "../train/testing/small-plan.ts";
import {
  type AnyModel,
  type AnyPlan,
  Instruments,
  inMemory,
  memoryLab,
  type Study,
  type Subject,
  trainingAddress,
  upTo,
} from "./index.ts";

const tokens = nd("int32", [1, 3], [1, 2, 7]);
let measured = 0;

function logitsOf(model: HookedModel<unknown>, x: Tensor) {
  return { logits: model.forward(x) };
}

async function firstLogit(subject: Subject, at: number): Promise<{ logit: number; kind: string }> {
  measured += 1;
  const { logits } = await subject.run(logitsOf, tokens);
  return { logit: logits.data[at] as number, kind: subject.model.model.name };
}

const study: Study = {
  name: "small",
  title: "Small",
  sources: [],
  params: z.strictObject({}),
  view: z.strictObject({}),
  smoke: {},
  measurements: import.meta.url,
  size: () => ({ weights: 1, tokens: 1 }),
  plans: () => ({ model: smallPlan({ steps: 6, checkpointEvery: 2, evalEvery: 3 }) as AnyPlan }),
  async *article() {},
};

beforeAll(() => init());

describe("a lab in memory", () => {
  const memory = inMemory();
  let instruments: Instruments;
  beforeAll(async () => {
    instruments = new Instruments(nativeBackend, { memory });
  });
  afterAll(() => instruments[Symbol.asyncDispose]());

  it("trains once, and has the model at each checkpoint", async () => {
    const lab = memoryLab(study, {}, instruments);
    const training = await lab.training();
    expect(await lab.training()).toBe(training);
    expect(training.finished).toBe(true);
    expect(training.steps).toEqual([0, 2, 4, 6]);
    expect(training.curves.step).toEqual([0, 3, 6]);
    expect([training.at().step, training.at(2.9).step, training.at(0).step]).toEqual([6, 2, 0]);
    await expect(lab.training("modle")).rejects.toThrow(
      'small: unknown training "modle"; did you mean model?',
    );
  });

  it("measures once for each model, function, arguments and version", async () => {
    const lab = memoryLab(study, {}, instruments);
    measured = 0;
    const last = (await lab.training()).at();
    const values = await Promise.all([0, 0, 1].map((at) => last.measure(firstLogit, at)));
    expect(values[0]).toEqual(values[1]);
    expect(values[0]).not.toEqual(values[2]);
    expect(measured).toBe(2);
    await (await lab.training()).at(0).measure(firstLogit, 0);
    expect(measured).toBe(3);
    await using again = new Instruments(nativeBackend, { memory });
    await (await memoryLab(study, {}, again).training()).at().measure(firstLogit, 0);
    expect(measured).toBe(3);
    await using other = new Instruments(nativeBackend, { memory, version: "2" });
    await (await memoryLab(study, {}, other).training()).at().measure(firstLogit, 0);
    expect(measured).toBe(4);
  });

  it("keeps models open that are in use, and frees the others", async () => {
    const training = await memoryLab(study, {}, instruments).training();
    const held: AnyModel[] = [];
    const hold = async ({ model }: Subject, at: number) => {
      held[at] = model;
      await new Promise((done) => setTimeout(done, 20));
      return model.W_E.shape[0] as number;
    };
    const sizes = await Promise.all(
      training.steps.map((step, i) => training.at(step).measure(hold, i)),
    );
    expect(new Set(sizes).size).toBe(1);
    const isFreed = (model: AnyModel): boolean => {
      try {
        return model.W_E.shape.length === 0;
      } catch (error) {
        return String(error).includes("freed");
      }
    };
    expect(held.filter(isFreed).length).toBe(held.length - 2);
  });

  it("needs a function with a name, and does not remember a failure", async () => {
    const last = (await memoryLab(study, {}, instruments).training()).at();
    await expect(
      last.measure(
        (
          () => () =>
            1
        )(),
      ),
    ).rejects.toThrow("measure: the function needs a name");
    let tries = 0;
    const failing = () => {
      tries += 1;
      if (tries === 1) throw new Error("not yet");
      return tries;
    };
    await expect(last.measure(failing)).rejects.toThrow("not yet");
    expect(await last.measure(failing)).toBe(2);
  });

  it("refuses two functions of one name, which would be taken for each other", async () => {
    const last = (await memoryLab(study, {}, instruments).training()).at();
    const one = { half: () => 0.5 }.half;
    const other = { half: () => 1 / 3 }.half;
    expect([await last.measure(one), await last.measure(one)]).toEqual([0.5, 0.5]);
    await expect(last.measure(other)).rejects.toThrow(
      "measure: two functions are called half, and results are remembered by the name; rename one",
    );
  });

  it("opens a published file, and says what else it holds", async () => {
    const { model, config, initial: weights } = smallPlan();
    const bytes = writeModel({ model, config, weights, processed: [], assumed: {} }, "pt");
    const lab = memoryLab(study, {}, instruments, async (name) =>
      name === "one" ? bytes : undefined,
    );
    expect(await lab.published("other")).toBe(undefined);
    const size = ({ file }: Subject) => file?.length ?? 0;
    const snapshot = await lab.published("one");
    expect(await snapshot?.measure(size)).toBe(bytes.length);
    expect(await (await lab.training()).at().measure(size)).toBe(0);
  });

  it("says what is measured and how far it is, and stops there when it is told to", async () => {
    const told: string[] = [];
    const stop = new AbortController();
    await using own = new Instruments(nativeBackend, {
      onMeasure: (name, step) => void told.push(`${name} at ${step}`),
      signal: stop.signal,
    });
    const slow = ({ progress }: Subject, at: number): number => {
      progress("half");
      if (at === 1) stop.abort(new Error("stopped"));
      progress("all");
      return at;
    };
    const last = (await memoryLab(study, {}, own).training()).at();
    await last.measure(slow, 0);
    expect(told).toEqual(["slow at 6", "slow, half at 6", "slow, all at 6"]);
    await expect(last.measure(slow, 1)).rejects.toThrow("stopped");
  });

  it("reads the text of a published file that is no model", async () => {
    const lab = memoryLab(study, {}, instruments, async (name) =>
      name === "log.csv" ? new TextEncoder().encode("step,loss") : undefined,
    );
    expect(await lab.publishedText("log.csv")).toBe("step,loss");
    expect(await lab.publishedText("other.csv")).toBe(undefined);
    expect(await upTo(lab, 0).publishedText("log.csv")).toBe(undefined);
  });

  it("shows itself as it was at an earlier step", async () => {
    const early = upTo(memoryLab(study, {}, instruments), 3);
    const training = await early.training();
    expect([training.finished, training.steps, training.curves.step]).toEqual([
      false,
      [0, 2],
      [0, 3],
    ]);
    expect([training.at().step, training.at(6).step]).toEqual([2, 2]);
    expect(await early.published("anything")).toBe(undefined);
    const plans = () => ({ model: smallPlan({ steps: 8, checkpointEvery: 4 }) as AnyPlan });
    const lab = upTo(memoryLab({ ...study, plans }, {}, instruments), 7);
    const near = await lab.training();
    expect([near.at().step, near.at(7).step, near.at(1).step]).toEqual([4, 4, 0]);
  });
});

describe("the address of a training", () => {
  const plan = smallPlan({ steps: 6 }) as AnyPlan;
  it.each<[string, Partial<AnyPlan>]>([
    ["steps", { steps: 7 }],
    ["evalEvery", { evalEvery: 1 }],
    ["checkpointEvery", { checkpointEvery: 3 }],
  ])("does not depend on %s", async (_name, change) => {
    expect(await trainingAddress({ ...plan, ...change })).toBe(await trainingAddress(plan));
  });
  it.each<[string, Partial<AnyPlan>]>([
    ["the learning rate", { optimizer: { ...plan.optimizer, lr: 0.5 } }],
    [
      "the code of a model of one's own",
      { model: { ...plan.model, lastLogits: () => [] as never } },
    ],
    ["the data", { split: { ...plan.split, train: plan.split.test } }],
    ["the initial weights", { initial: {} }],
    ["the length of a schedule that ends", { schedule: { name: "cosine" } }],
    ["the order of passes", { passOrder: (_, n) => Int32Array.from({ length: n }, (_v, i) => i) }],
  ])("depends on %s", async (_name, change) => {
    expect(await trainingAddress({ ...plan, ...change })).not.toBe(await trainingAddress(plan));
  });
  it("depends on where a stream begins, and on what it draws", async () => {
    const examples = plan.split.train;
    const from = (seed: number, drawn: Examples) =>
      trainingAddress({
        ...plan,
        stream: { params: {}, generator: new TorchGenerator(seed).state(), draw: () => drawn },
      });
    expect(await from(1, examples)).toBe(await from(1, examples));
    expect(await from(1, examples)).not.toBe(await from(2, examples));
    expect(await from(1, examples)).not.toBe(await from(1, plan.split.test));
  });
  it("depends on more than two examples of a stream, and on what a pass draws beside its order", async () => {
    const drawing = (odd: number) =>
      trainingAddress({
        ...plan,
        stream: {
          params: {},
          generator: new TorchGenerator(1).state(),
          draw: (_, __, count) => ({
            tokens: nd("int32", [count, 1], new Int32Array(count)),
            labels: nd("int32", [count], new Int32Array(count).fill(1, odd, odd + 1)),
          }),
        },
      });
    expect(await drawing(9)).not.toBe(await drawing(-1));
    const [none, one] = [dataLoaderOrder(0), dataLoaderOrder(1)];
    expect(await trainingAddress({ ...plan, passOrder: none })).not.toBe(
      await trainingAddress({ ...plan, passOrder: one }),
    );
  });
  it("depends on the stream that a training is tested on", async () => {
    const from = (seed: number) => {
      const generator = new TorchGenerator(seed).state();
      const stream = { params: {}, generator, draw: () => plan.split.train };
      return trainingAddress({ ...plan, measures: { train: "split", test: { stream, count: 2 } } });
    };
    expect(await from(1)).toBe(await from(1));
    expect(await from(1)).not.toBe(await from(2));
  });
  it("depends on the steps where the schedule does", async () => {
    const cosine = { ...plan, schedule: { name: "cosine" as const } };
    expect(await trainingAddress({ ...cosine, steps: 9 })).not.toBe(await trainingAddress(cosine));
  });
});
