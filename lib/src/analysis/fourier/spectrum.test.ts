import { describe, expect, it } from "vitest";
import { float64, sumOfSquares } from "../linalg/index.ts";
import { furthest, noise } from "../testing/numbers.ts";
import {
  componentProducts,
  fourierBasis,
  fourierTransform,
  interference,
  shareOf,
  spectrum,
} from "./index.ts";

const p = 13;
const basis = fourierBasis(p);
const angle = (k: number, x: number): number => (2 * Math.PI * k * x) / p;

describe("spectrum", () => {
  it("puts a matrix of pure waves into their components", () => {
    const W = float64([p, 2]);
    for (let x = 0; x < p; x++) {
      W.data[2 * x] = 3 * Math.cos(angle(2, x)) + 1;
      W.data[2 * x + 1] = 4 * Math.sin(angle(5, x));
    }
    const { norms, shares, frequencyNorms, constantShare } = spectrum(basis, W);
    const half = Math.sqrt(p / 2);
    const expected = new Array(p).fill(0);
    expected[0] = Math.sqrt(p);
    expected[3] = 3 * half;
    expected[10] = 4 * half;
    expect(furthest(norms, expected)).toBeLessThan(1e-12);
    expect(frequencyNorms[4]).toBeCloseTo(4 * half, 12);
    expect(shares[1]).toBeCloseTo(9 / 25, 12);
    expect(shareOf(shares, [2, 5])).toBeCloseTo(1, 12);
    expect(constantShare).toBeCloseTo(1 / (1 + 25 / 2), 12);
  });

  it("keeps the sum of squares (Parseval)", () => {
    const W = noise([p, 6], 1);
    expect(sumOfSquares(fourierTransform(basis, W).data)).toBeCloseTo(sumOfSquares(W.data), 12);
    expect(spectrum(basis, W).shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it("has no shares for a matrix of zeros, and refuses another number of inputs", () => {
    expect(spectrum(basis, float64([p, 2])).shares).toEqual(new Array(6).fill(0));
    expect(() => spectrum(basis, float64([p + 1, 2]))).toThrow(
      'fourierTransform "input feature": expected [13,2], got [14,2]',
    );
  });
});

describe("componentProducts", () => {
  it("shows which key components share a direction", () => {
    const W = float64([p, 2]);
    for (let x = 0; x < p; x++) {
      W.data[2 * x] = Math.cos(angle(2, x)) + Math.sin(angle(2, x));
      W.data[2 * x + 1] = 2 * Math.cos(angle(5, x));
    }
    const { names, dots, cosines } = componentProducts(basis, W, [2, 5]);
    expect(names).toEqual(["cos 2", "sin 2", "cos 5", "sin 5"]);
    const e = p / 2;
    const zeros = [0, 0, 0, 0];
    expect(furthest(dots.data, [e, e, 0, 0, e, e, 0, 0, 0, 0, 4 * e, 0, ...zeros])).toBeLessThan(
      1e-12,
    );
    expect(cosines.data[1]).toBeCloseTo(1, 12);
    expect(cosines.data[2]).toBeCloseTo(0, 12);
  });
});

describe("interference", () => {
  it("averages the key cosines, which add up at 0 alone", () => {
    const { mean, cosines, names } = interference(basis, [1, 3, 4]);
    expect(names).toEqual(["cos 1", "cos 3", "cos 4"]);
    expect(cosines.shape).toEqual([3, p]);
    expect(mean[0]).toBeCloseTo(Math.sqrt(2 / p), 14);
    expect(Math.max(...mean.slice(1))).toBeLessThan((mean[0] as number) - 0.1);
    const expected = (angle2: number[]): number =>
      (Math.sqrt(2 / p) * angle2.reduce((sum, value) => sum + Math.cos(value), 0)) / 3;
    expect(mean[5]).toBeCloseTo(expected([angle(1, 5), angle(3, 5), angle(4, 5)]), 14);
  });

  it("is zero without key frequencies and refuses unknown ones", () => {
    expect(interference(basis, []).mean).toEqual(new Array(p).fill(0));
    expect(() => interference(basis, [7])).toThrow(
      "interference: a frequency modulo 13 is an integer from 1 to 6, got 7",
    );
  });
});
