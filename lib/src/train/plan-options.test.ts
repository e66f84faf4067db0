import { beforeAll, describe, expect, it } from "vitest";
import { init, type Tensor, tensor } from "../arrays/index.ts";
import { type Backend, compile, jaxBackend, type Value } from "../compile/index.ts";
import { nd } from "../core/nd.ts";
import { HookedTransformer, hookedTransformer, oneLayerMlp } from "../models/index.ts";
import { TorchGenerator } from "../rng/index.ts";
import { modularArithmetic } from "../tasks/index.ts";
import type { Examples } from "../tasks/task.ts";
import { train } from "./loop.ts";
import { crossEntropy, crossEntropyEach } from "./loss.ts";
import { type PlanOptions, trainingPlan } from "./plan-options.ts";
import { smallPlan, smallStream } from "./testing/small-plan.ts";

let backend: Backend;
beforeAll(async () => {
  await init();
  backend = await jaxBackend();
});

const size = { nLayers: 1, nCtx: 2, dModel: 8, dHead: 4, dVocab: 5, dVocabOut: 4 };
const tokens = [
  [0, 1],
  [2, 3],
  [4, 0],
];
const labels = [0, 3, 1];
const own = (change: object): PlanOptions => ({
  model: hookedTransformer,
  config: size,
  split: { train: { tokens, labels, ...change }, test: { tokens, labels } },
  steps: 2,
});
const untyped = (value: unknown): never => value as never;

async function rows(plan: PlanOptions): Promise<number[]> {
  const losses: number[] = [];
  for await (const event of train(plan, backend)) {
    if (event.kind === "metrics") losses.push(event.row.trainLoss);
  }
  return losses;
}

describe("trainingPlan", () => {
  it("needs a model, a task and steps alone", () => {
    const { model, config, split, ...rest } = trainingPlan({
      model: oneLayerMlp,
      task: modularArithmetic,
      steps: 1000,
    });
    const params = modularArithmetic.params.parse({});
    expect(split).toEqual(modularArithmetic.split(params, new TorchGenerator(0)));
    expect(config).toMatchObject({ dVocab: 114, dVocabOut: 113, dEmbed: 256 });
    expect(model).toBe(oneLayerMlp);
    const { initial, ...others } = rest;
    expect(initial).toEqual(oneLayerMlp.init(config as never, new TorchGenerator(0)));
    expect(others).toEqual({
      ...{ steps: 1000, batchSize: "full", batchSeed: 0, evalEvery: 10, checkpointEvery: 1000 },
      ...{ optimizer: { name: "adamw", lr: 1e-3 }, schedule: { name: "constant" }, frozen: [] },
    });
  });

  it("leaves a whole plan as it is", () => {
    const plan = smallPlan();
    expect(trainingPlan(plan)).toEqual(plan);
  });

  it("is written without annotations, and names may stand for options", async () => {
    const plan = {
      model: hookedTransformer,
      config: size,
      split: { train: { tokens, labels }, test: { tokens, labels } },
      batchSize: "full",
      steps: 2,
      optimizer: { name: "adam", lr: 0.01, betas: [0.9, 0.98] },
      schedule: "constant",
      measures: { train: "split", test: "split" },
    };
    expect(await rows(plan)).toHaveLength(3);
    expect(trainingPlan({ ...plan, optimizer: "sgd" }).optimizer).toEqual({
      name: "sgd",
      lr: 1e-3,
    });
  });

  it("starts from a model with its weights", async () => {
    const model = await HookedTransformer.create(size, { seed: 4 });
    const { split } = own({});
    const plan = trainingPlan({ model, split: split as never, steps: 1 });
    expect(plan.initial["embed.W_E"]).toEqual(model.W_E.readSync());
    const both = { model, config: size, split: split as never, steps: 1 };
    expect(() => trainingPlan(both)).toThrow("so leave out config and initial");
  });

  it.each([
    [{ optimiser: "adam" }, 'train: unknown option "optimiser"; did you mean optimizer'],
    [{ optimizer: "adamx" }, 'train: unknown optimizer "adamx"; did you mean adam, adamw'],
    [{ schedule: { name: "warmpu" } }, 'train: unknown schedule "warmpu"; did you mean warmup'],
    [{ batchSize: "ful" }, 'batchSize: must be a number or "full", got "ful"'],
    [{ batchSeed: 0.5 }, "batchSeed: must be a whole number, got 0.5"],
    [{ measures: { train: "batches", test: "split" } }, 'measures: unknown train "batches"'],
    [
      { split: undefined },
      "train: needs a task or a split, { train, test } of examples, got neither",
    ],
    [
      { task: modularArithmetic },
      "train: needs a task or a split, { train, test } of examples, got both",
    ],
    [
      { split: { train: { tokens, labels } } },
      "train: split.test: must be { tokens, labels }, got undefined",
    ],
    [{ model: undefined }, "train: model must be a model such as hookedTransformer, got undefined"],
    [{ initial: {} }, 'train: initial: weight "embed.W_E" is missing'],
  ])("refuses %o", (change, message) => {
    expect(() => trainingPlan({ ...own({}), ...(change as object) } as PlanOptions)).toThrow(
      message,
    );
  });

  it("refuses unknown options of training", async () => {
    const events = train(own({}), backend, untyped({ onstep: () => undefined }));
    await expect(events.next()).rejects.toThrow(
      'train: unknown option "onstep"; did you mean onStep',
    );
  });
});

/** The same numbers in every form of input. */
const forms: { readonly [form: string]: (row: readonly number[]) => Examples["labels"] } = {
  "a list": (row) => row as never,
  "a typed array": (row) => Float64Array.from(row) as never,
  "an NdArray": (row) => nd("float64", [row.length], row),
  "a tensor": (row) => tensor(row) as never,
};

describe.each(Object.entries(forms))("labels as %s", (_, form) => {
  it("train as int32 does", async () => {
    const wanted = await rows(own({ labels: nd("int32", [3], labels) }));
    expect(await rows(own({ labels: form(labels) }))).toEqual(wanted);
  });

  it.each([4, -1, 1.5, Number.NaN])("are refused with %s", async (wrong) => {
    const events = train(own({ labels: form([0, wrong, 1]) }), backend);
    await expect(events.next()).rejects.toThrow(
      `train: split.train: labels must be whole numbers in [0, 4), got ${wrong} at [1]`,
    );
  });
});

describe("examples", () => {
  it("of a model that reads two tokens may hold others behind them", () => {
    const config = { dVocab: 4 };
    const marked = {
      tokens: [
        [0, 1, 4],
        [2, 3, 4],
      ],
      labels: [0, 3],
    };
    const plan = (train: object) =>
      trainingPlan({
        model: oneLayerMlp,
        config,
        split: { train, test: marked } as never,
        steps: 1,
      });
    expect(plan(marked).split.train.tokens.data[2]).toBe(4);
    expect(() =>
      plan({
        ...marked,
        tokens: [
          [0, 4, 4],
          [2, 3, 4],
        ],
      }),
    ).toThrow("split.train: tokens must be whole numbers in [0, 4), got 4 at [0,1]");
  });

  const narrow = [[0], [1], [2]];
  it.each([
    [{ labels: [0, -100, 1] }, "got -100 at [1]; -100 is not skipped as in PyTorch"],
    [
      {
        tokens: [
          [0, 5],
          [0, 0],
          [0, 0],
        ],
      },
      "tokens must be whole numbers in [0, 5), got 5 at [0,1]",
    ],
    [
      {
        tokens: [
          [0, -1],
          [0, 0],
          [0, 0],
        ],
      },
      "got -1 at [0,1]",
    ],
    [
      { tokens: [0, 1, 2] },
      'split.train: tokens "n pos" of at most 2 positions: expected [?,?], got [3]',
    ],
    [{ tokens: [[0, 1, 2]] }, 'tokens "n pos" of at most 2 positions: expected [?,?], got [1,3]'],
    [{ labels: [0, 1] }, "split.train: labels of these tokens: expected [3], got [2]"],
    [{ labels: narrow }, "split.train: labels of these tokens: expected [3,2], got [3,1]"],
    [{ labels: narrow, positions: [2] }, "positions must be whole numbers in [0, 2), got 2 at [0]"],
    [{ labels: undefined }, "split.train: labels are missing"],
    [{ labels: narrow, places: [[0], [2], [1]] }, "places must be whole numbers in [0, 2), got 2"],
    [
      {
        labels: [
          [0, 1],
          [1, 0],
          [0, 0],
        ],
        positions: [1, 0],
      },
      "positions must ascend, got [1,0]",
    ],
  ])("with %j are refused", (change, message) => {
    expect(() => trainingPlan(own(change))).toThrow(message);
  });

  it("of a stream are checked before they are trained on", async () => {
    const stream = smallStream(1);
    const drawn = (change: (examples: Examples) => Examples) => ({
      ...smallPlan({ batchSize: 4 }),
      stream: {
        ...stream,
        draw: (...of: Parameters<typeof stream.draw>) => change(stream.draw(...of)),
      },
    });
    const run = (change: (examples: Examples) => Examples) => rows(drawn(change));
    await expect(run((x) => ({ ...x, labels: nd("int32", [4], [0, 7, 0, 0]) }))).rejects.toThrow(
      "stream: labels must be whole numbers in [0, 7), got 7 at [1]",
    );
    await expect(run((x) => ({ ...x, labels: nd("int32", [3], [0, 0, 0]) }))).rejects.toThrow(
      "stream: labels of these tokens: expected [4], got [3]",
    );
    const none = { ...smallPlan({ batchSize: 4 }), stream: untyped({ draw: 1 }) };
    await expect(rows(none)).rejects.toThrow("stream: must be { params, generator, draw }");
  });
});

describe("cross-entropy", () => {
  const logits = tensor([
    [0, 1],
    [2, 0],
  ]);

  it("refuses labels that are none", () => {
    const wrong = tensor([0, 2], { dtype: "int32" });
    const message = "crossEntropy: labels must be whole numbers in [0, 2), got 2 at [1]";
    expect(() => crossEntropy(logits, wrong, "float32")).toThrow(message);
    expect(() => crossEntropyEach(logits, wrong)).toThrow(message);
  });

  it.each(["float32", "float64"] as const)(
    "of labels out of range is NaN when compiled, %s",
    async (p) => {
      const f = (labels: Tensor) => [
        crossEntropy(logits, labels, p).loss,
        crossEntropyEach(logits, labels, p),
      ];
      const compiled = await compile(f, [{ dtype: "int32", shape: [2] }] as const, { backend });
      const run = async (labels: readonly number[]) => {
        const out = (await compiled.run(nd("int32", [2], labels))) as readonly Value[];
        return Promise.all(out.map(async (value) => [...(await value.read()).data]));
      };
      const [loss, each] = await run([0, -1]);
      expect([loss, each?.map(Number.isNaN)]).toEqual([[Number.NaN], [false, true]]);
      expect((await run([0, 1])).flat().every(Number.isFinite)).toBe(true);
      await compiled.release();
    },
  );
});
