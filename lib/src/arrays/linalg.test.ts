import { beforeAll, describe, expect, it } from "vitest";
import {
  einsum,
  expandDims,
  eye,
  grad,
  init,
  linalg,
  matmul,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "./index.ts";
import { trace } from "./internal.ts";
import {
  build,
  expectClose,
  expectGradient,
  f32,
  f64,
  noise,
  type Plain,
} from "./testing/oracle.ts";

beforeAll(() => init());

const plain = (x: Tensor): Plain => ({ shape: x.shape, data: Array.from(x.readSync().data) });
const identity = (n: number): Plain => build([n, n], ([i = 0, j = 0]) => Number(i === j));
const largest = (column: readonly number[]): number =>
  column.reduce((best, v) => (Math.abs(v) > Math.abs(best) + 1e-9 ? v : best), 0);
const columns = (x: Tensor): number[][] => x.transpose().tolist() as number[][];

describe("svd", () => {
  it.each([[[5, 3]], [[3, 5]], [[4, 4]], [[1, 6]], [[113, 40]]])(
    "of %j gives the matrix back from orthonormal factors, largest first",
    (shape) => {
      const x = noise(shape, 1);
      const { u, s, vh } = linalg.svd(f64(x));
      const k = Math.min(...shape);
      expectClose(u.mul(s).matmul(vh), x, 1e-12);
      expectClose(u.transpose().matmul(u), identity(k), 1e-12);
      expectClose(vh.matmul(vh.transpose()), identity(k), 1e-12);
      const values = s.tolist() as number[];
      expect(values).toEqual(values.toSorted((a, b) => b - a));
      expect(values.at(-1)).toBeGreaterThanOrEqual(0);
      for (const column of columns(u)) expect(largest(column)).toBeGreaterThan(0);
    },
  );

  it("finds known singular values, and the rank of a product", () => {
    expectClose(
      linalg.svd(f64({ shape: [2, 2], data: [3, 0, 4, 5] })).s,
      { shape: [2], data: [Math.sqrt(45), Math.sqrt(5)] },
      1e-14,
    );
    const low = matmul(f64(noise([6, 2], 1)), f64(noise([2, 5], 2)));
    const { u, s, vh } = linalg.svd(low);
    const values = s.tolist() as number[];
    expect(values[1]).toBeGreaterThan(1e-3);
    expect(values[2]).toBeLessThan(1e-14);
    expectClose(u.mul(s).matmul(vh), plain(low), 1e-13);
  });

  it("takes batches and keeps float32", () => {
    const x = noise([2, 3, 4, 3], 3);
    const { u, s, vh } = linalg.svd(f32(x));
    expect([u.dtype, s.dtype, vh.dtype]).toEqual(["float32", "float32", "float32"]);
    expect([u.shape, s.shape, vh.shape]).toEqual([
      [2, 3, 4, 3],
      [2, 3, 3],
      [2, 3, 3, 3],
    ]);
    expectClose(einsum("...ik,...k,...kj->...ij", u, s, vh), x, 2e-6);
  });
});

describe("qr", () => {
  it.each([[[5, 3]], [[3, 5]], [[4, 4]]])(
    "of %j is orthonormal times upper triangular",
    (shape) => {
      const x = noise(shape, 2);
      const { q, r } = linalg.qr(f64(x));
      const k = Math.min(...shape);
      expectClose(q.matmul(r), x, 1e-13);
      expectClose(q.transpose().matmul(q), identity(k), 1e-13);
      const lists = r.tolist() as number[][];
      lists.forEach((row, i) => {
        expect(row.slice(0, i)).toEqual(Array(i).fill(0));
        expect(row[i]).toBeGreaterThan(0);
      });
    },
  );
});

describe("eigh", () => {
  it("gives a symmetric matrix back, smallest eigenvalue first", () => {
    const half = f64(noise([6, 6], 3));
    const x = half.add(half.transpose());
    const { values, vectors } = linalg.eigh(x);
    expectClose(vectors.mul(values).matmul(vectors.transpose()), plain(x), 1e-12);
    expectClose(vectors.transpose().matmul(vectors), identity(6), 1e-12);
    const list = values.tolist() as number[];
    expect(list).toEqual(list.toSorted((a, b) => a - b));
    for (const column of columns(vectors)) expect(largest(column)).toBeGreaterThan(0);
    expectClose(linalg.eigh(half.mul(2)).values, plain(values), 1e-12);
  });

  it("finds the eigenvalues of a path: 2 - 2 cos(k pi / 6)", () => {
    const path = build([5, 5], ([i = 0, j = 0]) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0));
    const want = build([5], ([k = 0]) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / 6));
    expectClose(linalg.eigh(f64(path)).values, want, 1e-14);
  });
});

describe("eig", () => {
  it("satisfies A v = lambda v with unit vectors", () => {
    const x = f64(noise([6, 6], 4));
    const { values, vectors } = linalg.eig(x);
    const { re, im } = values;
    const [vr, vi] = [vectors.re, vectors.im];
    expectClose(x.matmul(vr), plain(vr.mul(re).sub(vi.mul(im))), 1e-12);
    expectClose(x.matmul(vi), plain(vr.mul(im).add(vi.mul(re))), 1e-12);
    expectClose(vr.mul(vr).add(vi.mul(vi)).sum(0), { shape: [6], data: Array(6).fill(1) }, 1e-13);
    const sizes = re.mul(re).add(im.mul(im)).tolist() as number[];
    sizes.slice(1).forEach((size, i) => {
      expect(size).toBeLessThanOrEqual((sizes[i] as number) + 1e-9);
    });
    expect(re.sum().item()).toBeCloseTo(linalg.eig(x.transpose()).values.re.sum().item(), 12);
  });

  it("finds the roots of unity of a cyclic shift, conjugates side by side", () => {
    const shift = build([3, 3], ([i = 0, j = 0]) => Number((i + 1) % 3 === j));
    const { values } = linalg.eig(f64(shift));
    const h = Math.sqrt(3) / 2;
    expectClose(values.re, { shape: [3], data: [1, -0.5, -0.5] }, 1e-14);
    expectClose(values.im, { shape: [3], data: [0, h, -h] }, 1e-14);
  });
});

describe("inv, solve, det", () => {
  const x = build([4, 4], ([i = 0, j = 0]) => 1 / (i + j + 1) + Number(i === j));

  it("undo the product", () => {
    expectClose(linalg.inv(f64(x)).matmul(f64(x)), identity(4), 1e-13);
    expectClose(
      f64(x).matmul(linalg.solve(f64(x), f64(noise([4, 2], 1)))),
      noise([4, 2], 1),
      1e-13,
    );
    expectClose(f64(x).matmul(linalg.solve(f64(x), f64(noise([4], 2)))), noise([4], 2), 1e-13);
    const batch = expandDims(f64(x), 0).mul(tensor([[[1]], [[2]]], { dtype: "float64" }));
    const found = linalg.solve(batch, f64(noise([4, 2], 1)));
    expectClose(batch.matmul(found).at(1), noise([4, 2], 1), 1e-13);
  });

  it("det equals the expansion", () => {
    const small = { shape: [3, 3], data: [2, -1, 3, 0.5, 4, 1, -2, 1, 5] };
    expect(linalg.det(f64(small)).item()).toBeCloseTo(68, 12);
    expect(linalg.det(eye(3)).item()).toBe(1);
    expect(linalg.det(f32(noise([2, 5, 3, 3], 1))).shape).toEqual([2, 5]);
  });

  it("have the gradient of differences", () => {
    const m = build([3, 3], ([i = 0, j = 0]) => (i === j ? 3 : 0) + Math.sin(i * 3 + j));
    expectGradient(linalg.inv, [m]);
    expectGradient(linalg.det, [m], 1e-7);
    expectGradient(linalg.solve, [m, noise([3, 2], 1)]);
    expectGradient((a) => linalg.norm(a), [m]);
  });
});

describe("while tracing", () => {
  it("svd and eigh go through vmap", () => {
    const half = f64(noise([2, 4, 4], 5));
    const x = half.matmul(half.transpose([0, 2, 1]));
    const values = vmap((a: Tensor) => linalg.eigh(a).values)(x);
    expectClose(values, plain(linalg.eigh(x).values), 1e-9);
    const s = vmap((a: Tensor) => linalg.svd(a).s)(x);
    expectClose(s, plain(linalg.svd(x).s), 1e-5);
  });

  it("what has no gradient or works on arrays only says so", () => {
    const x = eye(3);
    expect(() => grad((a: Tensor) => linalg.svd(a).s.sum())(x)).toThrow(
      "linalg.svd: has no gradient; pass stopGradient(a)",
    );
    expect(() => grad((a: Tensor) => linalg.eigh(a).values.sum())(x)).toThrow(
      "linalg.eigh: has no gradient; pass stopGradient(a)",
    );
    expect(() => grad((a: Tensor) => linalg.qr(a).r.sum())(x)).toThrow(
      "linalg.qr: works on arrays only, got a traced tensor of shape [3,3]",
    );
    const spec = { dtype: "float32", shape: [3, 3] } as const;
    expect(() => trace((a: Tensor) => linalg.eig(a).values.re, [spec])).toThrow(
      "linalg.eig: works on arrays only, got a traced tensor of shape [3,3]",
    );
  });
});

it.each<[string, () => unknown]>([
  ["linalg.svd: needs a matrix: expected [?,?], got [3]", () => linalg.svd(zeros([3]))],
  ["linalg.inv: needs a square matrix: expected [3,3], got [2,3]", () => linalg.inv(zeros([2, 3]))],
  [
    "linalg.inv: the matrix must be invertible, got a singular one",
    () => linalg.inv(zeros([2, 2])),
  ],
  [
    "linalg.solve: the matrix must be invertible, got a singular one",
    () => linalg.solve(zeros([2, 2]), zeros([2])),
  ],
  [
    "linalg.solve: rows must agree: expected [2,2], got [3]",
    () => linalg.solve(eye(2), zeros([3])),
  ],
  ["linalg.svd: needs finite numbers, got NaN", () => linalg.svd(tensor([[Number.NaN]]))],
  ["linalg.svd: needs at least one element, got [0,3]", () => linalg.svd(zeros([0, 3]))],
])("%s", (message, f) => {
  expect(f).toThrow(message);
});
