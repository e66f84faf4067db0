import { describe, expect, it } from "vitest";
import { nd } from "../core/nd.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { Examples } from "../tasks/task.ts";
import { Batches, batchesOf, Draws, FreshBatches } from "./batches.ts";
import { smallPlan, smallStream } from "./testing/small-plan.ts";

const examples: Examples = {
  tokens: nd(
    "int32",
    [10, 2],
    Int32Array.from({ length: 20 }, (_, i) => i),
  ),
  labels: nd(
    "int32",
    [10],
    Int32Array.from({ length: 10 }, (_, i) => 100 + i),
  ),
};

const labelsOf = (batches: Batches, count: number): number[][] =>
  Array.from({ length: count }, () => [...batches.next().labels.data]);

describe("Batches", () => {
  it("go through one randperm after another, without what is too few for a batch", () => {
    const rng = new TorchGenerator(7);
    const expected = [0, 1].flatMap(() => {
      const order = [...rng.randperm(10)].map((row) => 100 + row);
      return [order.slice(0, 4), order.slice(4, 8)];
    });
    expect(labelsOf(new Batches(examples, 4, 7), 4)).toEqual(expected);
  });

  it("keep tokens and labels together", () => {
    const { tokens, labels } = new Batches(examples, 10, 1).next();
    expect(tokens.shape).toEqual([10, 2]);
    for (const [i, label] of labels.data.entries()) {
      expect([...tokens.data.subarray(2 * i, 2 * i + 2)]).toEqual([
        2 * (label - 100),
        2 * (label - 100) + 1,
      ]);
    }
  });

  it.each([0, 1, 2, 3, 5])("go on from a saved state after %i batches", (taken) => {
    const first = new Batches(examples, 4, 3);
    labelsOf(first, taken);
    const saved = first.state();
    const expected = labelsOf(first, 6);
    const second = new Batches(examples, 4, 99);
    second.restore(saved);
    expect(labelsOf(second, 6)).toEqual(expected);
  });

  it("take the order of each pass from the plan, also after a restart", () => {
    const backwards = (generator: TorchGenerator, count: number): Int32Array => {
      generator.random64();
      return generator.randperm(count).reverse();
    };
    const rng = new TorchGenerator(7);
    const expected = [0, 1].flatMap(() => {
      const order = [...backwards(rng, 10)].map((row) => 100 + row);
      return [order.slice(0, 5), order.slice(5)];
    });
    const batches = new Batches(examples, 5, 7, backwards);
    expect(labelsOf(batches, 3)).toEqual(expected.slice(0, 3));
    const again = new Batches(examples, 5, 0, backwards);
    again.restore(batches.state());
    expect(labelsOf(again, 1)).toEqual(expected.slice(3));
  });

  it("refuse a size that the examples cannot fill", () => {
    expect(() => new Batches(examples, 11, 0)).toThrow(
      "batchSize: must be 1 to 10 (training examples), got 11",
    );
  });
});

describe("Draws", () => {
  it("give each draw by its number, in any order", () => {
    const batches = new FreshBatches(smallStream(5), 4);
    const expected = Array.from({ length: 6 }, () => [...batches.next().labels.data]);
    const draws = new Draws(smallStream(5), 4);
    for (const n of [0, 1, 4, 2, 2, 5]) expect([...draws.at(n).labels.data]).toEqual(expected[n]);
  });
});

describe("FreshBatches", () => {
  const labels = (batches: FreshBatches, count: number): number[][] =>
    Array.from({ length: count }, () => [...batches.next().labels.data]);

  it("are drawn one after the other from the stream's generator", () => {
    const rng = new TorchGenerator(5);
    const drawn = Array.from({ length: 3 }, () => [...rng.randint(0, 7, 8)]);
    const sums = drawn.map((ab) =>
      [0, 1, 2, 3].map((i) => ((ab[2 * i] ?? 0) + (ab[2 * i + 1] ?? 0)) % 7),
    );
    expect(labels(new FreshBatches(smallStream(5), 4), 3)).toEqual(sums);
  });

  it.each([0, 1, 5])("go on from a saved state after %i batches", (taken) => {
    const first = new FreshBatches(smallStream(5), 4);
    labels(first, taken);
    const saved = first.state();
    const second = new FreshBatches(smallStream(6), 4);
    second.restore(saved);
    expect(labels(second, 3)).toEqual(labels(first, 3));
  });

  it("refuse a size that is no number of examples", () => {
    expect(() => new FreshBatches(smallStream(5), 0)).toThrow(
      "batchSize: must be a whole number of at least 1, got 0",
    );
    expect(() => batchesOf(smallPlan({ stream: smallStream(5) }))).toThrow(
      "batchSize: must be a number where examples are streamed, got full",
    );
  });
});
