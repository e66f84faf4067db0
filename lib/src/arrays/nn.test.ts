import { beforeAll, describe, expect, it } from "vitest";
import { exp, init, logSoftmax, logsumexp, relu, softmax, tensor } from "./index.ts";
import { build, expectClose, expectGradient, f32, f64, noise, pick } from "./testing/oracle.ts";

beforeAll(() => init());

const x = noise([3, 4], 2);
const rowSum = (i: number): number =>
  [0, 1, 2, 3].reduce((sum, j) => sum + Math.exp(pick(x, [i, j])), 0);

describe("softmax, logSoftmax, logsumexp", () => {
  it("equal their definitions", () => {
    const weights = build([3, 4], ([i = 0, j = 0]) => Math.exp(pick(x, [i, j])) / rowSum(i));
    const logs = { shape: weights.shape, data: weights.data.map(Math.log) };
    expectClose(softmax(f64(x)), weights, 1e-15);
    expectClose(softmax(f32(x)), weights, 1e-6);
    expectClose(logSoftmax(f64(x)), logs, 1e-15);
    expectClose(logSoftmax(f32(x)), logs, 2e-6);
    expectClose(
      logsumexp(f64(x), 1),
      build([3], ([i = 0]) => Math.log(rowSum(i))),
      1e-15,
    );
    const total = [0, 1, 2].reduce((sum, i) => sum + rowSum(i), 0);
    expectClose(logsumexp(f64(x)), { shape: [], data: [Math.log(total)] }, 1e-15);
    expect(logsumexp(f64(x), 0, { keepdims: true }).shape).toEqual([1, 4]);
  });

  it("work over other axes", () => {
    expectClose(softmax(f64(x), 0), softmax(f64(x).transpose()).transpose().readSync() as never, 0);
    expectClose(
      logSoftmax(f64(x), [0, 1]),
      { shape: [3, 4], data: logSoftmax(f64(x).reshape([12])).tolist() as number[] },
      1e-15,
    );
  });

  it("have the gradient of differences", () => {
    expectGradient((t) => softmax(t), [x]);
    expectGradient((t) => logSoftmax(t, 0), [x]);
    expectGradient((t) => logsumexp(t, 1), [x]);
    expectGradient((t) => logsumexp(t), [x]);
  });

  it("survive large logits", () => {
    const big = tensor([1e4, 0, -1e4]);
    expect(softmax(big).tolist()).toEqual([1, 0, 0]);
    expect(logSoftmax(big).tolist()).toEqual([0, -1e4, -2e4]);
    expect(logsumexp(big).item()).toBe(1e4);
  });

  it("resolve a loss of 1e-9 in float64", () => {
    const gap = -Math.log(2e-9);
    const loss = logSoftmax(tensor([gap, 0], { dtype: "float64" }))
      .at(0)
      .neg()
      .item();
    expect(Math.abs(loss / 2e-9 - 1)).toBeLessThan(1e-6);
  });
});

it("relu keeps what is positive", () => {
  expect(relu(tensor([-2, 0, 3])).tolist()).toEqual([0, 0, 3]);
  expect(relu(tensor([-2, 3], { dtype: "int32" })).readSync().dtype).toBe("int32");
});

it("functions of the reals take integers as float32", () => {
  const result = exp(tensor([0, 1], { dtype: "int32" })).readSync();
  expect(result.dtype).toBe("float32");
  expectClose(result, { shape: [2], data: [1, Math.E] }, 1e-6);
  expect(softmax(tensor([1, 1], { dtype: "int32" })).tolist()).toEqual([0.5, 0.5]);
});
