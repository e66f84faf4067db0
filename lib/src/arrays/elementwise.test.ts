import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Shape } from "../core/nd.ts";
import * as arrays from "./index.ts";
import { grad, init, type Tensor, tensor } from "./index.ts";
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
} from "./testing/oracle.ts";

beforeAll(() => init());

const POINTS = [
  -7.5, -3.1, -1.6, -0.9, -0.51, -0.3, -1e-3, 1e-6, 1e-3, 0.2, 0.49, 0.8, 1.1, 2.7, 6.3,
];
/** Far from the kink at 0, which differences would straddle. */
const KINKED = POINTS.filter((x) => Math.abs(x) >= 1e-3);
const POSITIVE = POINTS.map(Math.abs);

interface Case {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  readonly want: (x: number) => number;
  readonly points: readonly number[];
}

const one = (
  name: string,
  f: (x: Tensor) => Tensor,
  want: (x: number) => number,
  points: readonly number[] = POINTS,
): Case => ({ name, f, want, points });

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const CASES: readonly Case[] = [
  one("exp", arrays.exp, Math.exp),
  one(
    "log",
    arrays.log,
    Math.log,
    POSITIVE.filter((x) => x > 1e-2),
  ),
  one("log1p", arrays.log1p, Math.log1p, [-0.9, -0.51, -0.49, -1e-3, 1e-9, 1e-3, 0.3, 0.51, 4, 90]),
  one("expm1", arrays.expm1, Math.expm1),
  one(
    "sqrt",
    arrays.sqrt,
    Math.sqrt,
    POSITIVE.filter((x) => x > 1e-2),
  ),
  one("square", arrays.square, (x) => x * x),
  one("sin", arrays.sin, Math.sin),
  one("cos", arrays.cos, Math.cos),
  one("tanh", arrays.tanh, Math.tanh),
  one("sigmoid", arrays.sigmoid, sigmoid),
  one("sign", arrays.sign, Math.sign, KINKED),
  one("floor", arrays.floor, Math.floor, KINKED),
  one("ceil", arrays.ceil, Math.ceil, KINKED),
  one("abs", arrays.abs, Math.abs, KINKED),
  one(
    "reciprocal",
    arrays.reciprocal,
    (x) => 1 / x,
    POINTS.filter((x) => Math.abs(x) > 1e-2),
  ),
  one("relu", arrays.relu, (x) => Math.max(x, 0), KINKED),
  one(
    "neg",
    (x) => x.neg(),
    (x) => -x,
  ),
  one(
    "clip",
    (x) => arrays.clip(x, -1, 1.5),
    (x) => Math.min(Math.max(x, -1), 1.5),
  ),
  one(
    "pow 3",
    (x) => x.pow(3),
    (x) => x ** 3,
  ),
  one(
    "pow -2",
    (x) => x.pow(-2),
    (x) => x ** -2,
    POINTS.filter((x) => Math.abs(x) > 0.1),
  ),
  one(
    "pow 0.5",
    (x) => x.pow(0.5),
    Math.sqrt,
    POSITIVE.filter((x) => x > 1e-2),
  ),
  one(
    "pow 1.7",
    (x) => x.pow(1.7),
    (x) => x ** 1.7,
    POSITIVE.filter((x) => x > 1e-2),
  ),
  one(
    "pow 0",
    (x) => x.pow(0),
    () => 1,
  ),
];

describe.each(CASES)("$name", ({ f, want, points }) => {
  const x: Plain = { shape: [points.length], data: points };

  it("equals JavaScript's own function in float64", () => {
    expectClose(f(f64(x)), { shape: x.shape, data: points.map(want) }, 4e-15);
  });

  it("equals it in float32 to a few units in the last place, relative to its size", () => {
    const rounded = points.map(Math.fround);
    const got = f(f32(x)).readSync();
    expect(got.dtype).toBe("float32");
    rounded.forEach((v, i) => {
      const error = Math.abs((got.data[i] as number) - want(v));
      expect(error, `at ${v}`).toBeLessThanOrEqual(2e-6 * Math.abs(want(v)));
    });
  });

  it("has the gradient of central differences", () => {
    expectGradient(f, [x], 2e-7);
  });

  it("has their second derivative", () => {
    const slope = (t: Tensor): Tensor => grad((u: Tensor) => f(u).sum())(t);
    expectGradient(slope, [x], 1e-5);
  });
});

it("erf agrees with published values and is odd", () => {
  const x = f64({ shape: [7], data: [0, 0.1, 0.5, 1, 2, 3.5, -1] });
  // Abramowitz and Stegun, table 7.1, and mpmath for 3.5.
  const data = [
    0, 0.1124629160182849, 0.5204998778130465, 0.8427007929497149, 0.9953222650189527,
    0.9999992569016276, -0.8427007929497149,
  ];
  expectClose(arrays.erf(x), { shape: [7], data }, 1e-15);
  expectClose(arrays.erf(x.astype("float32")), { shape: [7], data }, 3e-7);
  expectGradient(arrays.erf, [{ shape: [5], data: [-2.2, -0.3, 0.4, 1.1, 3.2] }]);
});

it("kinks have the documented gradients", () => {
  const at = (f: (x: Tensor) => Tensor, x: number): number =>
    grad((t: Tensor) => f(t).sum())(tensor([x])).tolist() as unknown as number;
  expect(at(arrays.relu, 0)).toEqual([0]);
  expect(at(arrays.abs, 0)).toEqual([0]);
  expect(at((x) => arrays.maximum(x, 2), 2)).toEqual([1]);
  expect(at(arrays.tanh, 0)).toEqual([1]);
  expect(at(arrays.sigmoid, 0)).toEqual([0.25]);
  expect(at(arrays.sigmoid, -200)).toEqual([0]);
});

it("sigmoid and tanh do not overflow", () => {
  const x = tensor([-1e4, -100, 100, 1e4]);
  expect(arrays.sigmoid(x).tolist()).toEqual([0, expect.closeTo(0, 30), 1, 1]);
  expect(arrays.tanh(x).tolist()).toEqual([-1, -1, 1, 1]);
});

it("stopGradient passes numbers and stops gradients", () => {
  const f = (x: Tensor): Tensor => x.mul(arrays.stopGradient(x)).sum();
  expect(grad(f)(tensor([3, 4])).tolist()).toEqual([3, 4]);
});

const BINARY: readonly [
  string,
  (x: Tensor, y: Tensor) => Tensor,
  (x: number, y: number) => number,
][] = [
  ["add", (x, y) => x.add(y), (x, y) => x + y],
  ["sub", (x, y) => x.sub(y), (x, y) => x - y],
  ["mul", (x, y) => x.mul(y), (x, y) => x * y],
  ["div", (x, y) => x.div(y), (x, y) => x * (1 / y)],
  ["maximum", arrays.maximum, Math.max],
  ["minimum", arrays.minimum, Math.min],
  ["greater", (x, y) => x.greater(y), (x, y) => Number(x > y)],
  ["less", (x, y) => x.less(y), (x, y) => Number(x < y)],
  ["equal", (x, y) => x.equal(y), (x, y) => Number(x === y)],
  ["notEqual", (x, y) => x.notEqual(y), (x, y) => Number(x !== y)],
  ["greaterEqual", (x, y) => x.greaterEqual(y), (x, y) => Number(x >= y)],
  ["lessEqual", (x, y) => x.lessEqual(y), (x, y) => Number(x <= y)],
  ["where", (x, y) => arrays.where(x.greater(0), x, y), (x, y) => (x > 0 ? x : y)],
];

/** Two shapes that broadcast, and what they broadcast to. */
const shapes: fc.Arbitrary<readonly [Shape, Shape, Shape]> = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
    fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 }),
    fc.nat(3),
    fc.boolean(),
  )
  .map(([shape, squash, drop, swap]) => {
    const a = shape.map((n, i) => (squash[i] === 1 ? 1 : n));
    const b = shape.map((n, i) => (squash[i] === 2 ? 1 : n)).slice(Math.min(drop, shape.length));
    const wide = shape.map((_, i) => Math.max(a[i] ?? 1, b[i - shape.length + b.length] ?? 1));
    return swap ? [b, a, wide] : [a, b, wide];
  });

describe.each(BINARY)("%s", (_, f, want) => {
  it("broadcasts like NumPy", () => {
    always(shapes, ([a, b, wide]) => {
      const x = build(a, (place) => Math.round(pick(noise(a, 1), place) * 4));
      const y = build(b, (place) => Math.round(pick(noise(b, 2), place) * 4) || 1);
      const expected = build(wide, (place) => want(pick(x, place), pick(y, place)));
      expectClose(f(f64(x), f64(y)), expected, 0);
    });
  });
});

it.each(BINARY.slice(0, 6))("%s has the gradient of differences, through broadcasting", (_, f) => {
  expectGradient(f, [noise([2, 3], 1), noise([3], 2)]);
  expectGradient(f, [noise([], 3), noise([2, 1], 4)]);
  expectGradient((x) => f(x, x.mul(2).add(0.3)), [noise([4], 6)]);
});

it("shapes that do not broadcast are named in the error", () => {
  expect(() => tensor([1, 2]).add(tensor([1, 2, 3]))).toThrow(
    "add: shapes must broadcast: expected [2], got [3]",
  );
  expect(() => arrays.where(tensor([1, 0]), tensor([1, 2, 3]), 0)).toThrow(
    "where: shapes must broadcast: expected [2], got [3]",
  );
});

describe("where", () => {
  it("takes any condition and sends gradients to the chosen side", () => {
    expect(arrays.where(tensor([0, 2, -1]), 1, 0).tolist()).toEqual([0, 1, 1]);
    expectGradient(
      (x, y) => arrays.where(x.greater(y), x.mul(y), y.sub(x)),
      [noise([5], 1), noise([5], 2)],
    );
  });

  it("stops NaN from the side that is not chosen when the argument is made safe first", () => {
    const safe = (x: Tensor): Tensor => {
      const ok = x.greater(0);
      return arrays.where(ok, arrays.log(arrays.where(ok, x, 1)), 0).sum();
    };
    expect(grad(safe)(tensor([-1, 2])).tolist()).toEqual([0, 0.5]);
  });
});
