import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  grad,
  type Index,
  init,
  oneHot,
  type Tensor,
  take,
  takeAlongAxis,
  tensor,
  zeros,
} from "./index.ts";
import {
  always,
  build,
  expectClose,
  expectGradient,
  f64,
  i32,
  noise,
  pick,
} from "./testing/oracle.ts";

beforeAll(() => init());

const x = noise([3, 4, 5], 1);
const rows = { shape: [2, 3], data: [2, 0, 2, 1, 1, 2] };

describe("at", () => {
  it("takes, keeps and cuts axes like NumPy", () => {
    type Part = readonly [Index, readonly number[]];
    const part = (size: number): fc.Arbitrary<Part> =>
      fc
        .tuple(fc.integer({ min: 0, max: 3 }), fc.nat(size - 1), fc.nat(size - 1), fc.boolean())
        .map(([kind, a, b, fromEnd]) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
          const range = (i: number, j: number): number[] =>
            Array.from({ length: j - i }, (_, k) => i + k);
          const shift = fromEnd ? size : 0;
          if (kind === 0) return [a - shift, [a]];
          if (kind === 1) return [[], range(0, size)];
          if (kind === 2) return [[from - shift], range(from, size)];
          return [[from - shift, to], range(from, to)];
        });
    always(
      fc.tuple(part(3), part(4), part(5), fc.nat(3)),
      ([p, q, r, extra]) => {
        const parts = [p, q, r];
        const index: Index[] = parts.map(([own]) => own);
        index.splice(extra, 0, null);
        const kept = parts.flatMap(([own], axis) => (typeof own === "number" ? [] : [axis]));
        const want = build(
          kept.map((axis) => (parts[axis] as Part)[1].length),
          (place) =>
            pick(
              x,
              parts.map(
                ([, at], axis) => at[Math.max(0, place[kept.indexOf(axis)] ?? 0)] as number,
              ),
            ),
        );
        const got = f64(x).at(...index);
        expect(got.shape).toContain(1);
        expectClose(got.reshape(want.shape), want, 0);
        const front = parts.slice(0, extra).filter(([own]) => typeof own !== "number").length;
        expect(got.shape).toEqual(want.shape.toSpliced(front, 0, 1));
      },
      40,
    );
  });

  it("gathers with integer tensors", () => {
    const index = i32(rows);
    const first = build([2, 3, 4, 5], ([a = 0, b = 0, j = 0, k = 0]) =>
      pick(x, [pick(rows, [a, b]), j, k]),
    );
    const middle = build([3, 2, 3, 5], ([i = 0, a = 0, b = 0, k = 0]) =>
      pick(x, [i, pick(rows, [a, b]), k]),
    );
    expectClose(f64(x).at(index), first, 0);
    expectClose(f64(x).at([], index), middle, 0);
    expectClose(f64(x).at([], index.astype("uint32"), []), middle, 0);
    const pairs = build([2, 3, 5], ([a = 0, b = 0, k = 0]) => {
      const at = pick(rows, [a, b]);
      return pick(x, [at, at, k]);
    });
    expectClose(f64(x).at(index, index), pairs, 0);
  });

  it.each<[string, () => unknown]>([
    ["at: index of axis 0 must be an integer in [-3, 3), got 3", () => f64(x).at(3)],
    ["at: axis 1 of size 4 has no range [2,5]", () => f64(x).at([], [2, 5])],
    ["at: axis 1 of size 4 has no range [3,2]", () => f64(x).at([], [3, 2])],
    ["at: a tensor of shape [3,4,5] has no axis 3", () => f64(x).at(0, 0, 0, 0)],
    ["at: indices must be int32 or uint32, got float32", () => f64(x).at(tensor([1]))],
  ])("%s", (message, f) => {
    expect(f).toThrow(message);
  });
});

describe("take and takeAlongAxis", () => {
  it("equal loops, along any axis", () => {
    const index = i32(rows);
    const last = build([3, 4, 2, 3], ([i = 0, j = 0, a = 0, b = 0]) =>
      pick(x, [i, j, pick(rows, [a, b])]),
    );
    expectClose(take(f64(x), index, -1), last, 0);
    expectClose(
      take(f64(x), [1, 1]),
      build([2, 4, 5], ([, j = 0, k = 0]) => pick(x, [1, j, k])),
      0,
    );
    const each = build([3, 2, 5], ([i = 0, j = 0, k = 0]) => (i + 2 * j + k) % 4);
    const along = build([3, 2, 5], ([i = 0, j = 0, k = 0]) =>
      pick(x, [i, pick(each, [i, j, k]), k]),
    );
    expectClose(takeAlongAxis(f64(x), i32(each), 1), along, 0);
    const best = build([3, 4, 1], ([i = 0, j = 0]) => (i + j) % 5);
    const picked = build([3, 4, 1], ([i = 0, j = 0]) => pick(x, [i, j, pick(best, [i, j, 0])]));
    expectClose(takeAlongAxis(f64(x), i32(best)), picked, 0);
  });

  it("add up the gradients of repeated indices", () => {
    const f = (t: Tensor): Tensor =>
      take(t, [0, 2, 2, 2, 0])
        .mul(tensor([1, 2, 3, 4, 5]))
        .sum();
    expect(grad(f)(tensor([7, 8, 9])).tolist()).toEqual([6, 0, 9]);
    expectGradient((t) => take(t, i32(rows), 0), [noise([3, 2], 2)]);
    expectGradient((t) => take(t, i32(rows), 1), [noise([2, 3], 3)]);
    expectGradient((t) => t.at(i32(rows), [1, 2]), [noise([3, 3], 4)]);
    expectGradient((t) => t.at([], i32(rows)), [noise([2, 3, 2], 5)]);
    const twice = i32({ shape: [2, 3], data: [0, 0, 1, 1, 1, 0] });
    expectGradient((t) => takeAlongAxis(t, twice, 1), [noise([2, 2], 6)]);
    expectGradient((t) => takeAlongAxis(t, twice, 0), [noise([2, 3], 7)]);
  });

  it("give bit-equal gradients in every run, with thousands of collisions", () => {
    const index = tensor(
      Array.from({ length: 5000 }, (_, i) => (i * i) % 7),
      { dtype: "int32" },
    );
    const weights = tensor(Array.from({ length: 5000 }, (_, i) => Math.sin(i)));
    const slope = (): number[] =>
      grad((t: Tensor) => take(t, index).mul(weights).sum())(zeros([7])).tolist() as number[];
    const first = slope();
    for (let i = 0; i < 5; i++) expect(slope()).toEqual(first);
    const exact = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 5000; i++)
      exact[(i * i) % 7] = (exact[(i * i) % 7] as number) + Math.sin(i);
    exact.forEach((value, i) => {
      expect(first[i]).toBeCloseTo(value, 3);
    });
  });

  it.each<[string, () => unknown]>([
    ["take: indices must be int32 or uint32, got float32", () => take(zeros([3]), tensor([1]))],
    ["take: axis must be an integer in [-1, 1), got 1", () => take(zeros([3]), [1], 1)],
    [
      "takeAlongAxis: ranks must agree: expected [3], got [1,1]",
      () => takeAlongAxis(zeros([3]), zeros([1, 1], { dtype: "int32" })),
    ],
    [
      "takeAlongAxis: shapes must broadcast: expected [3,1], got [2,1]",
      () => takeAlongAxis(zeros([3, 4]), zeros([2, 1], { dtype: "int32" })),
    ],
  ])("%s", (message, f) => {
    expect(f).toThrow(message);
  });
});

it("oneHot marks the index, and nothing outside the range", () => {
  expect(oneHot(tensor([0, 2, 3, -1], { dtype: "int32" }), 3).tolist()).toEqual([
    [1, 0, 0],
    [0, 0, 1],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect(oneHot(zeros([2, 2], { dtype: "uint32" }), 3).shape).toEqual([2, 2, 3]);
  expect(() => oneHot(tensor([0]), 3)).toThrow(
    "oneHot: indices must be int32 or uint32, got float32",
  );
});
