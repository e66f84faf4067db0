import { beforeAll, describe, expect, it } from "vitest";
import * as arrays from "./index.ts";
import { init, type Tensor, zeros } from "./index.ts";
import {
  build,
  expectClose,
  expectGradient,
  f64,
  i32,
  noise,
  type Plain,
  pick,
} from "./testing/oracle.ts";

beforeAll(() => init());

const x = noise([2, 3, 4], 1);
const y = noise([2, 3, 4], 2);

describe("rearranging", () => {
  it("transpose moves axis perm[i] to i", () => {
    const want = build([4, 2, 3], ([k = 0, i = 0, j = 0]) => pick(x, [i, j, k]));
    expectClose(f64(x).transpose([2, 0, 1]), want, 0);
    expectClose(f64(x).transpose([-1, 0, 1]), want, 0);
    expectClose(
      f64(x).transpose(),
      build([4, 3, 2], ([k = 0, j = 0, i = 0]) => pick(x, [i, j, k])),
      0,
    );
    expectClose(
      arrays.swapaxes(f64(x), 0, -1),
      build([4, 3, 2], ([k = 0, j = 0, i = 0]) => pick(x, [i, j, k])),
      0,
    );
  });

  it("reshape keeps row-major order and fills in -1", () => {
    expectClose(f64(x).reshape([4, -1]), { shape: [4, 6], data: x.data }, 0);
    expectClose(f64(x).reshape([24]), { shape: [24], data: x.data }, 0);
    expectClose(f64(noise([1])).reshape([]), { shape: [], data: noise([1]).data }, 0);
  });

  it("squeeze and expandDims drop and add axes of size 1", () => {
    expect(arrays.squeeze(zeros([1, 2, 1])).shape).toEqual([2]);
    expect(arrays.squeeze(zeros([1, 2, 1]), -1).shape).toEqual([1, 2]);
    expect(arrays.expandDims(zeros([2, 3]), [0, -1]).shape).toEqual([1, 2, 3, 1]);
    expect(arrays.expandDims(zeros([2, 3]), 1).shape).toEqual([2, 1, 3]);
  });

  it("broadcastTo repeats", () => {
    const row = noise([3, 1], 3);
    expectClose(
      arrays.broadcastTo(f64(row), [2, 3, 4]),
      build([2, 3, 4], ([, j = 0]) => pick(row, [j, 0])),
      0,
    );
  });

  it("tril, triu, diagonal and trace follow NumPy", () => {
    for (const k of [-2, -1, 0, 1, 2]) {
      const low = build(x.shape, ([i = 0, j = 0, l = 0]) => (l - j <= k ? pick(x, [i, j, l]) : 0));
      const high = build(x.shape, ([i = 0, j = 0, l = 0]) => (l - j >= k ? pick(x, [i, j, l]) : 0));
      expectClose(arrays.tril(f64(x), k), low, 0);
      expectClose(arrays.triu(f64(x), k), high, 0);
    }
    for (const k of [-2, -1, 0, 1, 3]) {
      const length = k < 0 ? Math.min(3 + k, 4) : Math.min(3, 4 - k);
      const want = build([2, length], ([i = 0, d = 0]) =>
        pick(x, [i, d + Math.max(-k, 0), d + Math.max(k, 0)]),
      );
      expectClose(arrays.diagonal(f64(x), k, 1, 2), want, 0);
      const sums = build([2], ([i = 0]) =>
        Array.from({ length }, (_, d) => pick(want, [i, d])).reduce((a, b) => a + b, 0),
      );
      expectClose(arrays.trace(f64(x), k, 1, 2), sums, 1e-15);
    }
  });
});

describe("joining and splitting", () => {
  it("concatenate and stack put the parts in order", () => {
    const both = (place: readonly number[], axis: number, size: number): number => {
      const at = place[axis] as number;
      return pick(
        at < size ? x : y,
        place.map((p, i) => (i === axis ? at % size : p)),
      );
    };
    expectClose(
      arrays.concatenate([f64(x), f64(y)], 1),
      build([2, 6, 4], (p) => both(p, 1, 3)),
      0,
    );
    expectClose(
      arrays.concatenate([f64(x), f64(y)]),
      build([4, 3, 4], (p) => both(p, 0, 2)),
      0,
    );
    const stacked = (from: Plain[]): Plain =>
      build([2, 3, 2, 4], ([i = 0, j = 0, n = 0, k = 0]) => pick(from[n] as Plain, [i, j, k]));
    expectClose(arrays.stack([f64(x), f64(y)], 2), stacked([x, y]), 0);
    expect(arrays.stack([f64(x), f64(y)], -1).shape).toEqual([2, 3, 4, 2]);
    const many = Array.from({ length: 20 }, (_, i) => i32({ shape: [2], data: [i, -i] }));
    expectClose(
      arrays.stack(many),
      build([20, 2], ([i = 0, j = 0]) => (j === 0 ? i : -i)),
      0,
    );
  });

  it("meet at the common dtype", () => {
    const mixed = arrays.concatenate([
      i32({ shape: [1], data: [1] }),
      f64({ shape: [1], data: [2] }),
    ]);
    expect(mixed.readSync()).toEqual({ dtype: "float64", shape: [2], data: Float64Array.of(1, 2) });
  });

  it("split undoes concatenate", () => {
    const parts = arrays.split(f64(x), 2, 2);
    expect(parts.map((part) => part.shape)).toEqual([
      [2, 3, 2],
      [2, 3, 2],
    ]);
    expectClose(arrays.concatenate(parts, 2), x, 0);
    const uneven = arrays.split(f64(x), [1, 3], -1);
    expect(uneven.map((part) => part.shape.at(-1))).toEqual([1, 2, 1]);
    expectClose(arrays.concatenate(uneven, -1), x, 0);
  });
});

it("every one has the gradient of differences", () => {
  const m = noise([3, 3], 4);
  const cases: readonly ((t: Tensor) => Tensor)[] = [
    (t) => t.transpose(),
    (t) => t.reshape([9]),
    (t) => arrays.expandDims(t, 1),
    (t) => arrays.squeeze(t.reshape([1, 9])),
    (t) => arrays.broadcastTo(t, [2, 3, 3]),
    (t) => arrays.broadcastTo(t.at([], [0, 1]), [3, 5]),
    (t) => arrays.swapaxes(t, 0, 1),
    (t) => arrays.tril(t),
    (t) => arrays.triu(t, 1),
    (t) => arrays.diagonal(t, 1),
    (t) => arrays.trace(t),
    (t) => arrays.concatenate([t, t.mul(2), t.at([0, 1])]),
    (t) => arrays.stack([t, t.mul(3)], 1),
    (t) => arrays.split(t, [1, 2], 1)[1] as Tensor,
  ];
  for (const f of cases) expectGradient(f, [m]);
});

it.each<[string, () => unknown]>([
  [
    "reshape: sizes must have the same product: expected [2,3], got [4,2]",
    () => zeros([2, 3]).reshape([4, 2]),
  ],
  [
    "reshape: sizes must have the same product: expected [2,3], got [4,-1]",
    () => zeros([2, 3]).reshape([4, -1]),
  ],
  ["transpose: must name each of 2 axes once, got [0,0]", () => zeros([2, 3]).transpose([0, 0])],
  ["squeeze: axis 0 must have size 1, got shape [2,1]", () => arrays.squeeze(zeros([2, 1]), 0)],
  [
    "broadcastTo: shape must broadcast: expected [3], got [2,3]",
    () => arrays.broadcastTo(zeros([2, 3]), [3]),
  ],
  [
    "concatenate: sizes off the axis must agree: expected [?,3], got [2,4]",
    () => arrays.concatenate([zeros([2, 3]), zeros([2, 4])]),
  ],
  ["concatenate: needs at least one tensor, got none", () => arrays.concatenate([])],
  ["stack: shapes must agree: expected [2], got [3]", () => arrays.stack([zeros([2]), zeros([3])])],
  ["split: axis 0 of size 5 has no 2 equal parts", () => arrays.split(zeros([5]), 2)],
  ["tril: needs a matrix: expected [?,?], got [3]", () => arrays.tril(zeros([3]))],
  [
    "diagonal: shape [2,3] has no diagonal 3 of axes 0 and 1",
    () => arrays.diagonal(zeros([2, 3]), 3),
  ],
])("%s", (message, f) => {
  expect(f).toThrow(message);
});
