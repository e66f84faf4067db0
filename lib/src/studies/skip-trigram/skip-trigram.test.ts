import { beforeAll, describe, expect, it } from "vitest";
import { init, scope, tensor } from "../../arrays/index.ts";
import { type Backend, nativeBackend } from "../../compile/index.ts";
import { nd } from "../../core/nd.ts";
import {
  hookedTransformer,
  runWithCache,
  runWithHooks,
  type WeightArrays,
} from "../../models/index.ts";
import { skipTrigram } from "../../tasks/index.ts";
import { Batches, dataLoaderOrder, type MetricsRow, train } from "../../train/index.ts";
import type { TrainedRun } from "../study.ts";
import { rowsOf } from "./claims.ts";
import { skipTrigramStudy } from "./index.ts";
import { headCircuits, openModel } from "./open.ts";
import { skipTrigramParams } from "./params.ts";
import { frozen, modelConfig, plan, startOf } from "./plan.ts";
import { printedSequence } from "./printed.ts";
import { epochTable } from "./results.ts";
import golden from "./trigram.golden.json" with { type: "json" };

/** The session of lib/goldens/trigram.py. */
const session = skipTrigramParams.parse({
  trainCount: 2000,
  testCount: 100,
  batchSize: 500,
  lr: 0.01,
  epochs: 3,
});

let backend: Backend;
let rows: MetricsRow[];
let last: WeightArrays;

beforeAll(async () => {
  await init();
  backend = await nativeBackend();
  rows = [];
  for await (const event of train(plan(session) as Parameters<typeof train>[0], backend)) {
    if (event.kind === "metrics") rows.push(event.row);
    if (event.kind === "checkpoint") last = event.checkpoint.weights;
  }
});

const rowsWithLabels = ({ train: part }: ReturnType<typeof startOf>["split"], count: number) =>
  Array.from({ length: count }, (_, row) => [
    ...part.tokens.data.subarray(4 * row, 4 * row + 4),
    part.labels.data[row],
  ]);

describe("the start of seed 002", () => {
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
    const table = epochTable(rows, 4);
    expect(table.epoch).toEqual([1, 2, 3]);
    const second = golden.epochs[1]?.batches.map((batch) => batch[4] as number) as number[];
    expect(table.trainLoss[1]).toBeCloseTo(second.reduce((a, b) => a + b) / 4, 6);
    expect(table.testAccuracy[2]).toBe(rows[12]?.testAccuracy);
    expect(epochTable([], 4).epoch).toEqual([]);
  });
});

describe("the opened model", () => {
  it("has contributions of heads and bias that add up to the logits", async () => {
    const { sequence } = await openModel(backend, session, last, printedSequence);
    const own = (token: number): number => Number(token === 0);
    for (const [token, logit] of (sequence?.logits ?? []).entries()) {
      const heads = [0, 1, 2].map((head) => {
        return rowsOf(sequence?.perHead as never, head)[3]?.[token] as number;
      });
      const sum = heads.reduce((a, b) => a + b) + (sequence?.bias[token] as number) + own(token);
      expect(sum).toBeCloseTo(logit, 5);
    }
  });

  it("has the QK and OV tables of the forward pass", () => {
    using _scope = scope();
    const config = { ...modelConfig(session), useAttnResult: true };
    const weights = Object.fromEntries(Object.entries(last).map(([n, w]) => [n, tensor(w)]));
    const sequence = [7, 2, 9, 0];
    const { cache } = runWithCache(
      hookedTransformer,
      weights,
      config,
      tensor([sequence], { dtype: "int32" }),
    );
    const at = (name: string) =>
      cache.get(`blocks.0.attn.${name}`)?.readSync().data as Float32Array;
    const { qk, ov } = headCircuits(last);
    for (let head = 0; head < 3; head++) {
      const pattern = [...at("hook_pattern")].slice(head * 16 + 12, head * 16 + 16);
      for (const [src, token] of sequence.entries()) {
        const score = at("hook_attn_scores")[head * 16 + 12 + src];
        expect(rowsOf(qk, head)[0]?.[token]).toBeCloseTo(score as number, 6);
      }
      for (let out = 0; out < 11; out++) {
        const mixed = sequence.reduce(
          (sum, token, src) =>
            sum + (pattern[src] as number) * (rowsOf(ov, head)[token]?.[out] as number),
          0,
        );
        expect(mixed).toBeCloseTo(at("hook_result")[(9 + head) * 11 + out] as number, 6);
      }
    }
  });

  it("replaces a head by its mean as a hook does", async () => {
    const { signal } = await openModel(backend, session, last, printedSequence);
    using _scope = scope();
    const config = modelConfig(session);
    const weights = Object.fromEntries(Object.entries(last).map(([n, w]) => [n, tensor(w)]));
    const all = skipTrigram.examples({ ...session });
    const logits = runWithHooks(hookedTransformer, weights, config, tensor(all.tokens), [
      [
        "blocks.0.attn.hook_z",
        (z) => {
          const { shape, data } = z.readSync();
          const own = Float32Array.from(data);
          const isLast = (i: number): boolean => i % 12 === 9 + 1;
          const mean = own.reduce((sum, x, i) => (isLast(i) ? sum + x : sum), 0) / 96;
          return tensor(
            nd(
              "float32",
              shape,
              own.map((x, i) => (isLast(i) ? mean : x)),
            ),
          );
        },
      ],
    ])
      .at([], -1)
      .readSync().data;
    const right = Array<number>(10).fill(0);
    const total = Array<number>(10).fill(0);
    for (const [row, label] of all.labels.data.entries()) {
      const own = [...logits.subarray(11 * row, 11 * row + 11)];
      total[label] = (total[label] as number) + 1;
      right[label] = (right[label] as number) + Number(own.indexOf(Math.max(...own)) === label);
    }
    const expected = right.map((hits, answer) => hits / (total[answer] as number));
    expect([...signal.withoutHead.data.subarray(10, 20)]).toEqual(expected);
  });
});

describe("the study", () => {
  it("analyses, judges and reports a run, and weights without a run", async () => {
    const context = {
      progress: () => {},
      backend,
      published: async () => undefined,
    };
    const run: TrainedRun = {
      metrics: rows,
      checkpointSteps: [12],
      weights: async () => last,
      companions: {},
    };
    for (const one of [run, { ...run, metrics: [] }]) {
      const results = await skipTrigramStudy.analyse(session, one, context);
      expect(skipTrigramStudy.claims(session, results)).toEqual([]);
      const { best, all, signal, noise } = results.fresh;
      expect(best.accuracy).toBeCloseTo(0.5455, 4);
      expect(best.loss).toBeCloseTo(1.1989, 4);
      expect(signal.count + noise.count).toBe(all.count);
      expect(all.loss).toBeCloseTo(
        (signal.loss * signal.count + noise.loss * noise.count) / all.count,
        10,
      );
      const sections = skipTrigramStudy.report(session, results);
      const figures = sections.flatMap((section) => section.figures.map(({ id }) => id));
      expect(new Set(figures).size).toBe(figures.length);
      expect(figures.includes("printed-epochs")).toBe(one.metrics.length > 0);
      expect(skipTrigramStudy.metrics(results).bestLoss).toBe(best.loss);
    }
  });

  it("logs every batch of the 60 epochs that were printed, then every epoch", () => {
    const defaults = skipTrigramParams.parse({});
    const long = plan({ ...defaults, trainCount: 200, batchSize: 20 });
    expect(long).toMatchObject({ steps: 4000, evalEvery: 10, checkpointEvery: 600 });
    expect(long.evalAt).toHaveLength(601);
  });
});
