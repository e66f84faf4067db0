import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Shape } from "../core/nd.ts";
import * as arrays from "./index.ts";
import { init, type Tensor, tensor, zeros } from "./index.ts";
import {
  always,
  build,
  expectClose,
  expectGradient,
  f32,
  f64,
  noise,
  type Plain,
  pick,
  places,
} from "./testing/oracle.ts";

beforeAll(() => init());

type Fold = (values: readonly number[]) => number;

const add: Fold = (values) => values.reduce((sum, v) => sum + v, 0);
const mean: Fold = (values) => add(values) / values.length;
const spread: Fold = (values) => mean(values.map((v) => (v - mean(values)) ** 2));

/** Reduce by visiting every element of the reduced axes. */
function naive(x: Plain, axes: readonly number[], fold: Fold, keepdims: boolean): Plain {
  const inner = axes.map((axis) => x.shape[axis] as number);
  const kept = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const shape = keepdims
    ? x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
    : kept.map((axis) => x.shape[axis] as number);
  return build(shape, (outer) =>
    fold(
      places(inner).map((inside) => {
        const at = x.shape.map((_, axis) => {
          const k = axes.indexOf(axis);
          if (k >= 0) return inside[k] as number;
          return outer[keepdims ? axis : kept.indexOf(axis)] as number;
        });
        return pick(x, at);
      }),
    ),
  );
}

type Reduction = (x: Tensor, axis?: readonly number[], o?: { keepdims?: boolean }) => Tensor;

const REDUCTIONS: readonly [string, Reduction, Fold][] = [
  ["sum", (x, a, o) => x.sum(a, o), add],
  ["mean", (x, a, o) => x.mean(a, o), mean],
  ["max", (x, a, o) => x.max(a, o), (v) => Math.max(...v)],
  ["min", (x, a, o) => x.min(a, o), (v) => Math.min(...v)],
  ["prod", (x, a, o) => x.prod(a, o), (v) => v.reduce((product, one) => product * one, 1)],
  ["norm", (x, a, o) => arrays.norm(x, a, o), (v) => Math.sqrt(add(v.map((one) => one * one)))],
  ["variance", (x, a, o) => arrays.variance(x, a, o), spread],
  ["std", (x, a, o) => arrays.std(x, a, o), (v) => Math.sqrt(spread(v))],
];

/** A shape, axes of it, and whether to keep them. */
const cases = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 })
  .chain((shape) =>
    fc.tuple(fc.constant(shape as Shape), fc.subarray(shape.map((_, axis) => axis)), fc.boolean()),
  );

describe.each(REDUCTIONS)("%s", (_, f, fold) => {
  it("equals a loop over the reduced axes", () => {
    always(cases, ([shape, axes, keepdims]) => {
      const x = noise(shape, 3);
      expectClose(f(f64(x), axes, { keepdims }), naive(x, axes, fold, keepdims), 1e-14);
    });
  });

  it("reduces everything by default, and counts axes from the end", () => {
    const x = noise([2, 3, 4], 4);
    expectClose(f(f64(x)), naive(x, [0, 1, 2], fold, false), 1e-14);
    expectClose(f(f32(x), [-1, 0]), naive(x, [0, 2], fold, false), 2e-6);
  });

  it("has the gradient of differences", () => {
    expectGradient((x) => f(x, [1]), [noise([2, 3], 5)]);
    expectGradient((x) => f(x), [noise([2, 2], 6)]);
  });
});

it("the gradient of max is shared among ties", () => {
  const slope = arrays.grad((x: Tensor) => x.max())(tensor([1, 3, 3]));
  expect(slope.tolist()).toEqual([0, 0.5, 0.5]);
});

it("variance and std correct for the degrees of freedom when asked", () => {
  const x = tensor([1, 2, 4, 9], { dtype: "float64" });
  expect(arrays.variance(x, 0, { correction: 1 }).item()).toBeCloseTo(38 / 3, 13);
  expect(arrays.std(x, 0, { correction: 1 }).item()).toBeCloseTo(Math.sqrt(38 / 3), 13);
});

it("bool and integers are counted in int32, their means are float32", () => {
  const yes = tensor([1, 0, 1, 1], { dtype: "bool" });
  expect(yes.sum().readSync()).toEqual({ dtype: "int32", shape: [], data: Int32Array.of(3) });
  expect(yes.mean().readSync()).toEqual({
    dtype: "float32",
    shape: [],
    data: Float32Array.of(0.75),
  });
  expect(arrays.cumsum(yes).readSync().dtype).toBe("int32");
});

describe("along an axis", () => {
  const lines = (x: Plain, axis: number, f: (line: number[]) => number[]): Plain =>
    build(x.shape, (place) => {
      const line = Array.from({ length: x.shape[axis] as number }, (_, i) =>
        pick(
          x,
          place.map((at, k) => (k === axis ? i : at)),
        ),
      );
      return f(line)[place[axis] as number] as number;
    });
  const tied = build([3, 4, 5], (place) => Math.round(pick(noise([3, 4, 5], 8), place) * 3));

  it.each([0, 1, 2])("%i: cumsum, sort, argsort, argmax, argmin, flip equal loops", (axis) => {
    const ascending = (line: number[]): number[] =>
      line.map((_, i) => i).sort((a, b) => (line[a] as number) - (line[b] as number) || a - b);
    const x = f64(tied);
    expectClose(
      arrays.cumsum(x, axis),
      lines(tied, axis, (line) => line.map((_, i) => add(line.slice(0, i + 1)))),
      0,
    );
    expectClose(
      arrays.sort(x, axis),
      lines(tied, axis, (v) => v.toSorted((a, b) => a - b)),
      0,
    );
    expectClose(arrays.argsort(x, axis), lines(tied, axis, ascending), 0);
    expectClose(
      arrays.flip(x, axis),
      lines(tied, axis, (v) => v.toReversed()),
      0,
    );
    expectClose(
      arrays.argmax(x, axis),
      naive(tied, [axis], (v) => v.indexOf(Math.max(...v)), false),
      0,
    );
    expectClose(
      arrays.argmin(x, axis),
      naive(tied, [axis], (v) => v.indexOf(Math.min(...v)), false),
      0,
    );
  });

  it("cumsum and sort have the gradient of differences", () => {
    expectGradient((x) => arrays.cumsum(x, 0), [noise([3, 2], 1)]);
    expectGradient((x) => arrays.sort(x, 1), [noise([2, 4], 2)]);
    expectGradient((x) => arrays.flip(x), [noise([2, 3], 3)]);
  });

  it("argmax and argmin without an axis count in row-major order", () => {
    const x = tensor([
      [1, 5],
      [5, 0],
    ]);
    expect(arrays.argmax(x).item()).toBe(1);
    expect(arrays.argmin(x).item()).toBe(3);
    expect(arrays.argmax(x).dtype).toBe("int32");
  });
});

it("allclose compares with tolerances and never accepts NaN", () => {
  expect(arrays.allclose(tensor([1, 2]), tensor([1, 2 + 1e-6]))).toBe(true);
  expect(arrays.allclose(tensor([1, 2]), tensor([1, 2.001]))).toBe(false);
  expect(arrays.allclose(tensor([Number.NaN]), tensor([Number.NaN]))).toBe(false);
  expect(() => arrays.allclose(tensor([1]), tensor([1, 2]))).toThrow(
    "allclose: shapes must agree: expected [2], got [1]",
  );
});

it("wrong axes are refused in one sentence", () => {
  expect(() => zeros([2, 3]).sum(2)).toThrow("sum: axis must be an integer in [-2, 2), got 2");
  expect(() => zeros([2, 3]).max([0, -2])).toThrow("max: axes must differ, got [0,-2]");
  expect(() => zeros([0, 3]).mean(0)).toThrow("mean: needs at least one element, got shape [0,3]");
  expect(() => arrays.argmax(zeros([0]))).toThrow("argmax: needs at least one element, got none");
});
