import { beforeAll, describe, expect, it } from "vitest";
import { init, scope, tensor } from "../arrays/index.ts";
import { type Backend, nativeBackend } from "../compile/index.ts";
import { type NdArray, nd } from "../core/nd.ts";
import { hookedTransformer, type WeightArrays, type Weights } from "../models/index.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { Examples } from "../tasks/task.ts";
import { Batches, Draws } from "./batches.ts";
import { type Checkpoint, checkpointFromArrays, checkpointToArrays } from "./checkpoint.ts";
import { type TrainOptions, train } from "./loop.ts";
import type { MetricsRow } from "./metrics.ts";
import type { Answers, TrainingPlan } from "./plan.ts";
import { smallPlan, smallStream } from "./testing/small-plan.ts";

let backend: Backend;

beforeAll(async () => {
  await init();
  backend = await nativeBackend();
});

interface Trained {
  readonly rows: MetricsRow[];
  readonly saved: Checkpoint[];
}

async function collect(plan: TrainingPlan, options: TrainOptions = {}): Promise<Trained> {
  const rows: MetricsRow[] = [];
  const saved: Checkpoint[] = [];
  for await (const event of train(plan, backend, options)) {
    if (event.kind === "metrics") rows.push(event.row);
    if (event.kind === "checkpoint") saved.push(event.checkpoint);
  }
  return { rows, saved };
}

/** Loss and accuracy of every label by plain loops over the logits of `forward`. */
function byLoops(plan: TrainingPlan, weights: WeightArrays, examples: Examples) {
  using _scope = scope();
  const w: Weights = Object.fromEntries(Object.entries(weights).map(([n, x]) => [n, tensor(x)]));
  const all = hookedTransformer.forward(
    w,
    plan.config as Parameters<typeof hookedTransformer.forward>[1],
    tensor(examples.tokens),
    (_, x) => x,
  );
  const { shape, data } = all.readSync();
  const [, length, classes] = shape as [number, number, number];
  const perRow = examples.labels.data.length / (examples.tokens.shape[0] as number);
  const asked = examples.positions ?? [length - 1];
  const losses = [...examples.labels.data].map((label, i) => {
    const position = examples.places?.data[i] ?? (asked[i % perRow] as number);
    const at = (Math.floor(i / perRow) * length + position) * classes;
    const row = [...data.subarray(at, at + classes)];
    const predicted = row.indexOf(Math.max(...row));
    const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
    return { loss: total - (row[label] as number), predicted, right: predicted === label };
  });
  const mean = (f: (x: (typeof losses)[number]) => number): number =>
    losses.reduce((sum, x) => sum + f(x), 0) / losses.length;
  return {
    loss: mean((x) => x.loss),
    accuracy: mean((x) => Number(x.right)),
    predictions: losses.map((x) => x.predicted),
  };
}

const every = { steps: 6, evalEvery: 1, checkpointEvery: 1 };

function expectRow(row: MetricsRow, part: "train" | "test", expected: ReturnType<typeof byLoops>) {
  expect(row[`${part}Loss`] as number).toBeCloseTo(expected.loss, 5);
  expect(row[`${part}Accuracy`] as number).toBeCloseTo(expected.accuracy, 12);
}

describe("what a row measures", () => {
  it("is the batch that the next update trains on, where the plan says so", async () => {
    const stream = smallStream(5);
    const plan = smallPlan({
      ...every,
      batchSize: 6,
      stream,
      measures: { train: "batch", test: "batch" },
    });
    const { rows, saved } = await collect(plan);
    const draws = new Draws(stream, 6);
    for (const [step, { weights }] of saved.entries()) {
      const row = rows[step] as MetricsRow;
      expectRow(row, "train", byLoops(plan, weights, draws.at(step)));
      expect([row.testLoss, row.testAccuracy]).toEqual([row.trainLoss, row.trainAccuracy]);
    }
    expect(saved).toHaveLength(7);
  });

  it("is the batch of a shuffled pass too, and measuring it changes nothing", async () => {
    const plan = smallPlan({
      ...every,
      batchSize: 9,
      measures: { train: "batch", test: "split" },
    });
    const { measures: _, ...silent } = plan;
    const [measured, plain] = [await collect(plan), await collect(silent)];
    expect(measured.saved).toEqual(plain.saved);
    const batches = new Batches(plan.split.train, 9, plan.batchSeed);
    for (const [step, { weights }] of measured.saved.entries()) {
      expectRow(measured.rows[step] as MetricsRow, "train", byLoops(plan, weights, batches.next()));
    }
    expect(measured.rows.map((row) => row.testLoss)).toEqual(plain.rows.map((row) => row.testLoss));
  });

  it("is a fresh test batch at every step, also after a restart", async () => {
    const plan = smallPlan({
      steps: 12,
      evalEvery: 3,
      checkpointEvery: 4,
      measures: { train: "split", test: { stream: smallStream(8), count: 5 } },
    });
    const { rows, saved } = await collect({ ...plan, checkpointEvery: 3 });
    const draws = new Draws(smallStream(8), 5);
    for (const [i, { weights, step }] of saved.entries()) {
      expectRow(rows[i] as MetricsRow, "test", byLoops(plan, weights, draws.at(step)));
    }
    const whole = await collect(plan);
    const from = checkpointFromArrays(checkpointToArrays(whole.saved[1] as Checkpoint));
    const rest = await collect(plan, { from });
    expect(rest.rows).toEqual(whole.rows.filter((row) => row.step > 4));
  });

  it("goes on from a checkpoint with the batch it had looked at", async () => {
    const plan = smallPlan({
      batchSize: 9,
      steps: 12,
      evalEvery: 1,
      checkpointEvery: 5,
      measures: { train: "batch", test: "batch" },
    });
    const whole = await collect(plan);
    for (const checkpoint of whole.saved.slice(0, -1)) {
      const from = checkpointFromArrays(checkpointToArrays(checkpoint));
      const rest = await collect(plan, { from });
      expect(rest.rows).toEqual(whole.rows.filter((row) => row.step > checkpoint.step));
      expect(rest.saved).toEqual(whole.saved.filter(({ step }) => step > checkpoint.step));
    }
  });

  it("adds the plan's columns, made of every label's loss and prediction", async () => {
    const seen: Answers[] = [];
    const plan = smallPlan({
      ...every,
      steps: 1,
      columns: (train, test) => {
        seen.push(train, test);
        return { worst: Math.max(...test.losses.data) };
      },
    });
    const { rows, saved } = await collect(plan);
    const [train, test] = seen as [Answers, Answers];
    for (const [part, answers] of Object.entries({ train, test })) {
      const expected = byLoops(plan, (saved[0] as Checkpoint).weights, answers.examples);
      expect(answers.examples).toEqual(plan.split[part as "train" | "test"]);
      expect([...answers.predictions.data]).toEqual(expected.predictions);
      expect(meanOf(answers.losses)).toBeCloseTo(expected.loss, 5);
    }
    expect(rows[0]?.worst).toBe(Math.max(...test.losses.data));
  });

  it.each([
    [{ train: "batch", test: "split" }, 'measures: train "batch" needs a batch size, got full'],
    [{ train: "split", test: "batch" }, 'measures: test "batch" needs train "batch", got split'],
  ] as const)("refuses %j for a full batch", async (measures, message) => {
    await expect(collect(smallPlan({ measures }))).rejects.toThrow(message);
  });
});

function meanOf({ data }: NdArray): number {
  return [...data].reduce((sum, x) => sum + x, 0) / data.length;
}

describe("labels at chosen positions", () => {
  it("are trained on and measured like those of forward, in full and in mini-batches", async () => {
    const rng = new TorchGenerator(2);
    const examples = (count: number): Examples => ({
      tokens: nd("int32", [count, 3], rng.randint(0, 8, 3 * count)),
      labels: nd("int32", [count, 2], rng.randint(0, 7, 2 * count)),
      positions: [0, 2],
    });
    const split = { train: examples(40), test: examples(11) };
    for (const batchSize of ["full", 40] as const) {
      const plan = smallPlan({ ...every, steps: 120, checkpointEvery: 120, split, batchSize });
      const { rows, saved } = await collect(plan);
      for (const [row, { weights }] of [
        [rows[0], saved[0]],
        [rows.at(-1), saved.at(-1)],
      ] as [MetricsRow, Checkpoint][]) {
        expectRow(row, "train", byLoops(plan, weights, split.train));
        expectRow(row, "test", byLoops(plan, weights, split.test));
      }
      expect(rows.at(-1)?.trainLoss).toBeLessThan((rows[0]?.trainLoss as number) - 0.5);
    }
  });

  it("may stand at places of their own in every example", async () => {
    const rng = new TorchGenerator(3);
    const examples = (count: number): Examples => ({
      tokens: nd("int32", [count, 3], rng.randint(0, 8, 3 * count)),
      labels: nd("int32", [count, 2], rng.randint(0, 7, 2 * count)),
      places: nd("int32", [count, 2], rng.randint(0, 3, 2 * count)),
    });
    const split = { train: examples(40), test: examples(11) };
    for (const batchSize of ["full", 8] as const) {
      const plan = smallPlan({ ...every, split, batchSize });
      const { rows, saved } = await collect(plan);
      for (const [step, { weights }] of saved.entries()) {
        expectRow(rows[step] as MetricsRow, "train", byLoops(plan, weights, split.train));
        expectRow(rows[step] as MetricsRow, "test", byLoops(plan, weights, split.test));
      }
      expect(rows.at(-1)?.trainLoss).toBeLessThan(rows[0]?.trainLoss as number);
    }
  });
});
