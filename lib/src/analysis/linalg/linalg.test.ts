import { describe, expect, it } from "vitest";
import { nd } from "../../core/nd.ts";
import { furthest, naiveMatmul, noise, noiseRng } from "../testing/numbers.ts";
import {
  centerColumns,
  columnMeans,
  cosineSimilarity,
  firstColumns,
  float64,
  gram,
  matmul,
  randomControl,
  rowNorms,
  rows,
  sumOfSquares,
  svd,
  toFloat64,
  transpose,
} from "./index.ts";

describe("matmul", () => {
  it.each([
    [1, 1, 1],
    [2, 3, 4],
    [3, 5, 7],
    [5, 1, 6],
    [8, 16, 9],
    [7, 33, 2],
  ])("of %i x %i by %i columns equals three nested loops", (m, k, n) => {
    const a = noise([m, k], 1);
    const b = noise([k, n], 2);
    const product = matmul(a, b);
    expect(product.shape).toEqual([m, n]);
    expect(furthest(product.data, naiveMatmul(a, b).data)).toBeLessThan(1e-14);
  });

  it("computes in float64 whatever the inputs are stored as", () => {
    const a = nd("float32", [1, 2], [1, 1e-9]);
    const b = nd("int32", [2, 1], [1, 1]);
    expect(matmul(a, b).data[0]).toBe(1 + Math.fround(1e-9));
  });

  it("says which size does not fit", () => {
    expect(() => matmul(float64([2, 3]), float64([4, 2]))).toThrow(
      'matmul "inner column": expected [3,2], got [4,2]',
    );
  });
});

describe("small matrix functions", () => {
  const a = float64([2, 3], Float64Array.of(1, 2, 3, 4, 5, 9));

  it("transposes", () => {
    expect([...transpose(a).data]).toEqual([1, 4, 2, 5, 3, 9]);
    expect(transpose(a).shape).toEqual([3, 2]);
  });

  it("takes dot products of rows, norms and means", () => {
    expect([...gram(a).data]).toEqual([14, 41, 41, 122]);
    expect(rowNorms(a)).toEqual([Math.sqrt(14), Math.sqrt(122)]);
    expect(columnMeans(a)).toEqual([2.5, 3.5, 6]);
    expect([...centerColumns(a).data]).toEqual([-1.5, -1.5, -3, 1.5, 1.5, 3]);
    expect(sumOfSquares(a.data)).toBe(136);
  });

  it("gives the cosine of angles, and 0 for a row of zeros", () => {
    const b = float64([3, 2], Float64Array.of(1, 0, 1, 1, 0, 0));
    const half = Math.SQRT1_2;
    const expected = [1, half, 0, half, 1, 0, 0, 0, 0];
    expect(furthest(cosineSimilarity(b).data, expected)).toBeLessThan(1e-15);
    expect(() => cosineSimilarity(b, float64([2, 3]))).toThrow(
      'cosineSimilarity "other column": expected [?,2], got [2,3]',
    );
  });

  it("cuts out rows and columns, and refuses more than there are", () => {
    expect([...rows("W", a, 1, 2).data]).toEqual([4, 5, 9]);
    expect([...firstColumns("W", a, 2).data]).toEqual([1, 2, 4, 5]);
    expect(() => rows("W", a, 0, 3)).toThrow("W (rows 0 to 3): expected [3,3], got [2,3]");
    expect(() => firstColumns("W", a, 4)).toThrow("W (first 4 columns): expected [?,4], got [2,3]");
  });

  it("copies to float64 only when it has to", () => {
    expect(toFloat64(a)).toBe(a);
    expect(toFloat64(nd("float32", [1], [0.1])).data[0]).toBe(Math.fround(0.1));
    expect(() => float64([2, 2], new Float64Array(3))).toThrow("float64: expected [4], got [3]");
  });
});

describe("svd", () => {
  it.each([
    [4, 4],
    [6, 3],
    [3, 6],
    [113, 128],
  ])("of %i x %i rebuilds the matrix from orthonormal factors", (m, n) => {
    const a = noise([m, n], 3);
    const { U, S, V } = svd(a);
    const r = Math.min(m, n);
    expect([U.shape, S.length, V.shape]).toEqual([[m, r], r, [n, r]]);
    const scaled = float64(
      [m, r],
      U.data.map((value, at) => value * (S[at % r] as number)),
    );
    expect(furthest(matmul(scaled, transpose(V)).data, a.data)).toBeLessThan(1e-12);
    const identity = Float64Array.from({ length: r * r }, (_, at) => (at % (r + 1) === 0 ? 1 : 0));
    expect(furthest(gram(transpose(U)).data, identity)).toBeLessThan(1e-12);
    expect(furthest(gram(transpose(V)).data, identity)).toBeLessThan(1e-12);
    expect([...S].sort((x, y) => y - x)).toEqual(S);
  });

  it("makes the largest entry of every left vector positive", () => {
    const { U } = svd(float64([2, 2], Float64Array.of(-3, 0, 0, -2)));
    expect(furthest(U.data, [1, 0, 0, 1])).toBeLessThan(1e-15);
  });

  it("refuses numbers that are not finite", () => {
    expect(() => svd(float64([1, 2], Float64Array.of(1, Number.NaN)))).toThrow(
      "svd: every number must be finite",
    );
  });
});

it("randomControl takes its numbers from the generator it is given", () => {
  const control = randomControl([3, 4], noiseRng(5));
  expect(control.shape).toEqual([3, 4]);
  expect(furthest(control.data, noise([12], 5).data)).toBeLessThan(1e-7);
});
