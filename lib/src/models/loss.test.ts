import { beforeAll, describe, expect, it } from "vitest";
import { grad, init as startArrays, type Tensor, tensor } from "../arrays/index.ts";
import { nd } from "../core/nd.ts";
import { TorchGenerator } from "../rng/index.ts";
import { crossEntropy, crossEntropyPerLabel, nextTokenLoss } from "./loss.ts";
import { naiveCrossEntropy } from "./testing/cross-entropy.ts";

const rng = new TorchGenerator(0);
const numbers = nd("float32", [3, 4, 5], rng.normal(60, 0, 3));
const labels = [0, 4, 2, 1, 1, 3, 0, 0, 4, 2, 2, 3];
const logits = (): Tensor => tensor(numbers).astype("float64");
const perPosition = (): Tensor => tensor(nd("int32", [3, 4], labels));

beforeAll(() => startArrays());

describe("crossEntropy", () => {
  it("is the mean over every position", () => {
    const expected = naiveCrossEntropy(numbers.data, labels);
    expect(crossEntropy(logits(), perPosition()).item()).toBeCloseTo(expected, 12);
    expect(crossEntropyPerLabel(logits(), perPosition()).shape).toEqual([3, 4]);
  });

  it("is the mean over the last position", () => {
    const last = tensor([1, 0, 3], { dtype: "int32" });
    const rows = Array.from(numbers.data).filter((_, i) => i % 20 >= 15);
    expect(crossEntropy(logits().at([], -1), last).item()).toBeCloseTo(
      naiveCrossEntropy(rows, [1, 0, 3]),
      12,
    );
  });

  it("has the gradient (softmax - one-hot) / n", () => {
    const slope = grad((x: Tensor) => crossEntropy(x, perPosition()))(tensor(numbers)) as Tensor;
    const { data } = slope.readSync();
    for (const [n, label] of labels.entries()) {
      const row = Array.from(numbers.data.slice(5 * n, 5 * n + 5));
      const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
      for (const [i, x] of row.entries()) {
        const expected = (Math.exp(x) / total - (i === label ? 1 : 0)) / labels.length;
        expect(Math.abs((data[5 * n + i] ?? Number.NaN) - expected)).toBeLessThan(1e-7);
      }
    }
  });

  it("refuses labels that are not one per row of logits", () => {
    expect(() => crossEntropy(logits(), tensor([1, 2], { dtype: "int32" }))).toThrow(
      "crossEntropy: labels: expected [3,4], got [2]",
    );
  });
});

describe("nextTokenLoss", () => {
  it("scores each token but the first by the position before it", () => {
    const rows = Array.from(numbers.data).filter((_, i) => i % 20 < 15);
    const next = labels.filter((_, i) => i % 4 !== 0);
    expect(nextTokenLoss(logits(), perPosition()).item()).toBeCloseTo(
      naiveCrossEntropy(rows, next),
      12,
    );
  });
});
