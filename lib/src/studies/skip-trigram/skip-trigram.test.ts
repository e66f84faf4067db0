import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ablateHeads } from "../../analysis/ablation/index.ts";
import { argmax, init, scope } from "../../arrays/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { Instruments, memoryLab, type Snapshot } from "../../lab/index.ts";
import { HookedTransformer, type WeightArrays } from "../../models/index.ts";
import { skipTrigram as skipTrigramTask } from "../../tasks/index.ts";
import { Batches, dataLoaderOrder, type MetricsRow, train } from "../../train/index.ts";
import { skipTrigram } from "./index.ts";
import { circuits, fresh, opened, signal } from "./measure.ts";
import { skipTrigramParams } from "./params.ts";
import { frozen, modelConfig, plan, startOf } from "./plan.ts";
import { bestOf, epochTable } from "./training-sections.ts";
import golden from "./trigram.golden.json" with { type: "json" };

/** The session of lib/goldens/trigram.py. */
const session = skipTrigramParams.parse({
  trainCount: 2000,
  testCount: 100,
  batchSize: 500,
  lr: 0.01,
  epochs: 3,
});

const instruments = new Instruments(nativeBackend);
let rows: MetricsRow[];
let last: WeightArrays;

beforeAll(async () => {
  await init();
  rows = [];
  for await (const event of train(
    plan(session) as Parameters<typeof train>[0],
    await nativeBackend(),
  )) {
    if (event.kind === "metrics") rows.push(event.row);
    if (event.kind === "checkpoint") last = event.checkpoint.weights;
  }
});

afterAll(() => instruments[Symbol.asyncDispose]());

const rowsWithLabels = ({ train: part }: ReturnType<typeof startOf>["split"], count: number) =>
  Array.from({ length: count }, (_, row) => [
    ...part.tokens.data.subarray(4 * row, 4 * row + 4),
    part.labels.data[row],
  ]);

describe("the start of the notebook's session", () => {
  it("has PyTorch's weights and data after 60 earlier epochs", () => {
    const { initial, split } = startOf(session);
    for (const [letter, values] of Object.entries(golden.weights)) {
      const { data } = initial[`blocks.0.attn.W_${letter}`] as { data: Float32Array };
      for (const [i, x] of values.entries()) expect(data[i]).toBeCloseTo(x, 7);
    }
    expect(rowsWithLabels(split, 8)).toEqual(golden.train);
    expect(rowsWithLabels({ ...split, train: split.test }, 8)).toEqual(golden.test);
  });

  it("trains 152 numbers, and keeps the one-hot ends", () => {
    const { initial } = startOf(session);
    const free = Object.entries(initial).filter(([name]) => !frozen.some((f) => f === name));
    expect(free.reduce((sum, [, { data }]) => sum + data.length, 0)).toBe(152);
    const { data } = initial["embed.W_E"] as { data: Float32Array };
    expect([...data].every((x, i) => x === Number(Math.floor(i / 11) === i % 11))).toBe(true);
    for (const name of frozen) expect(last[name]).toEqual(initial[name]);
  });
});

describe("training", () => {
  it("goes through the batches of PyTorch's DataLoader", () => {
    const { split } = startOf(session);
    const batches = new Batches(split.train, 500, 42, dataLoaderOrder(1));
    for (const epoch of golden.epochs) {
      for (const [a, b, c, d] of epoch.batches) {
        expect([...batches.next().tokens.data.subarray(0, 4)]).toEqual([a, b, c, d]);
      }
    }
  });

  it("has PyTorch's loss and hits on every batch and after every epoch", () => {
    const batches = golden.epochs.flatMap((epoch) => epoch.batches);
    for (const [step, batch] of batches.entries()) {
      const [loss, hits] = batch.slice(4) as [number, number];
      expect(Math.abs((rows[step]?.trainLoss as number) / loss - 1)).toBeLessThan(1e-6);
      expect(Math.round((rows[step]?.trainAccuracy as number) * 500)).toBe(hits);
    }
    for (const [i, { test }] of golden.epochs.entries()) {
      const row = rows[4 * (i + 1)] as MetricsRow;
      const [loss, hits] = test as [number, number];
      expect(Math.abs(row.testLoss / loss - 1)).toBeLessThan(1e-6);
      expect(Math.round(row.testAccuracy * 100)).toBe(hits);
    }
  });

  it("adds signal and noise up to the whole", () => {
    const signal = startOf(session).split.test.tokens.data.filter((t, i) => i % 4 === 3 && t === 0);
    const share = signal.length / 100;
    for (const row of rows) {
      const { testSignalLoss = 0, testNoiseLoss = 0 } = row;
      expect(share * testSignalLoss + (1 - share) * testNoiseLoss).toBeCloseTo(row.testLoss, 10);
    }
  });

  it("counts an epoch over its own batches, each before its update", () => {
    const table = epochTable({ rows }, 4);
    expect(table.epoch).toEqual([1, 2, 3]);
    const second = golden.epochs[1]?.batches.map((batch) => batch[4] as number) as number[];
    expect(table.trainLoss[1]).toBeCloseTo(second.reduce((a, b) => a + b) / 4, 6);
    expect(table.testAccuracy[2]).toBe(rows[12]?.testAccuracy);
    expect(epochTable({ rows: [] }, 4).epoch).toEqual([]);
  });
});

describe("the heads", () => {
  const sequence = [7, 2, 9, 0];
  const measure: Snapshot["measure"] = async (f, ...args) =>
    (await memoryLab(skipTrigram, session, instruments).training()).at().measure(f, ...args);

  it("add up with the bias and the last token to the logits", async () => {
    const { parts, logits } = await measure(opened, sequence);
    for (const [token, logit] of logits.entries()) {
      expect(parts.reduce((sum, row) => sum + (row[token] as number), 0)).toBeCloseTo(logit, 5);
    }
  });

  it("have the QK and OV tables of the forward pass", async () => {
    using _scope = scope();
    const config = { ...modelConfig(session), useAttnResult: true };
    const model = await HookedTransformer.create(config, { weights: last });
    const { cache } = model.runWithCache([sequence]);
    const scores = cache.get("attn_scores", 0).at(0, [], -1).tolist() as number[][];
    const pattern = cache.get("pattern", 0).at(0, [], -1).tolist() as number[][];
    const result = cache.get("result", 0).at(0, -1).tolist() as number[][];
    const { qk, ov } = await measure(circuits);
    for (const head of [0, 1, 2]) {
      for (const [src, token] of sequence.entries()) {
        expect(qk[head]?.[0]?.[token]).toBeCloseTo(scores[head]?.[src] as number, 6);
      }
      for (let out = 0; out < 11; out++) {
        const mixed = sequence.reduce(
          (sum, token, src) =>
            sum + (pattern[head]?.[src] as number) * (ov[head]?.[token]?.[out] as number),
          0,
        );
        expect(mixed).toBeCloseTo(result[head]?.[out] as number, 6);
      }
    }
  });

  it("are replaced by their means over all signal", async () => {
    const { withoutHead, sequences } = await measure(signal, { length: 4, oneIn: 2 });
    using _scope = scope();
    const model = await HookedTransformer.create(modelConfig(session), { weights: last });
    const { tokens, labels } = skipTrigramTask.examples(skipTrigramTask.params.parse({}));
    const z = model.runWithCache(tokens).cache.get("z", 0);
    const hook = ablateHeads(0, [1], { replacement: z.mean(0, { keepdims: true }) });
    const logits = model.runWithHooks(tokens, [hook]).at([], -1);
    const answers = argmax(logits, -1).tolist() as number[];
    const [right, total] = [Array<number>(10).fill(0), Array<number>(10).fill(0)];
    for (const [row, label] of labels.data.entries()) {
      total[label] = (total[label] as number) + 1;
      right[label] = (right[label] as number) + Number(answers[row] === label);
    }
    expect(sequences).toBe(96);
    expect(withoutHead[1]).toEqual(right.map((hits, i) => hits / (total[i] as number)));
  });

  it("may be wider than one, and then still add up", async () => {
    const wide = skipTrigramParams.parse({ ...session, dHead: 3, epochs: 1 });
    const training = await memoryLab(skipTrigram, wide, instruments).training();
    expect(training.at().config.dHead).toBe(3);
    const { parts, logits } = await training.at().measure(opened, sequence);
    expect(parts.reduce((sum, row) => sum + (row[5] as number), 0)).toBeCloseTo(
      logits[5] as number,
      5,
    );
  });
});

describe("new sequences", () => {
  it("are signal and noise", async () => {
    const training = await memoryLab(skipTrigram, session, instruments).training();
    const scores = await training.at().measure(fresh, { length: 4, oneIn: 2 }, 43, 2000);
    const { all, signal: some, noise } = scores;
    expect(some.count + noise.count).toBe(all.count);
    expect(all.loss).toBeCloseTo(
      (some.loss * some.count + noise.loss * noise.count) / all.count,
      10,
    );
    expect(bestOf({ oneIn: 2 }).accuracy).toBeCloseTo(0.5455, 4);
    expect(bestOf({ oneIn: 2 }).loss).toBeCloseTo(1.1989, 4);
  });
});

describe("the plan", () => {
  it("logs every batch of the 60 epochs that were printed, then every epoch", () => {
    const defaults = skipTrigramParams.parse({});
    const long = plan({ ...defaults, trainCount: 200, batchSize: 20 });
    expect(long).toMatchObject({ steps: 4000, evalEvery: 10, checkpointEvery: 600 });
    expect(long.evalAt).toHaveLength(601);
  });
});
