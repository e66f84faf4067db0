import { describe, expect, it } from "vitest";
import {
  logitCosines,
  logitsBySum,
  maxFrequency,
  neuronInputMap,
  neuronLogitMap,
} from "../fourier/index.ts";
import { float64, sumOfSquares } from "../linalg/index.ts";
import { furthest, naiveMatmul, noise, onInputs } from "../testing/numbers.ts";
import { accuracy, crossEntropy } from "./index.ts";

describe("crossEntropy and accuracy", () => {
  it("is ln n for equal logits, and equals -log softmax", () => {
    expect(crossEntropy(float64([2, 113]), [5, 6])).toBeCloseTo(4.727387818712341, 14);
    const logits = noise([6, 5], 1);
    const labels = [0, 4, 2, 2, 1, 3];
    let expected = 0;
    for (const [i, label] of labels.entries()) {
      const row = logits.data.slice(i * 5, i * 5 + 5);
      const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
      expected -= Math.log(Math.exp(row[label]!) / total) / 6;
    }
    expect(crossEntropy(logits, labels)).toBeCloseTo(expected, 14);
  });

  it("keeps the digits of losses below the spacing of numbers near 1", () => {
    const logits = float64([1, 2], Float64Array.of(50, 0));
    expect(crossEntropy(logits, [0]) / Math.exp(-50)).toBeCloseTo(1, 12);
    expect(crossEntropy(logits, [1])).toBe(50);
  });

  it("looks at chosen rows alone, also repeated ones", () => {
    const logits = float64([3, 2], Float64Array.of(1, 0, 0, 1, 5, 0));
    const labels = [0, 0, 0];
    expect(accuracy(logits, labels)).toBeCloseTo(2 / 3, 14);
    expect(accuracy(logits, labels, [1])).toBe(0);
    expect(accuracy(logits, labels, [0, 0, 1, 2])).toBe(0.75);
    const one = crossEntropy(logits, labels, [1]);
    expect(one).toBeCloseTo(Math.log(1 + Math.E), 14);
    expect(crossEntropy(logits, labels, [1, 1])).toBe(one);
  });

  it("says what is wrong with labels and rows", () => {
    const logits = float64([2, 3]);
    expect(() => crossEntropy(logits, [0])).toThrow("crossEntropy labels: expected [2], got [1]");
    expect(() => crossEntropy(logits, [0, 3])).toThrow(
      "crossEntropy: a label is an integer from 0 to 2, got 3 in row 1",
    );
    expect(() => accuracy(logits, [0, 1], [2])).toThrow(
      "accuracy: a row is an integer from 0 to 1, got 2",
    );
    expect(() => accuracy(logits, [0, 1], [])).toThrow(
      "accuracy: needs at least one row, got none",
    );
  });
});

describe("neuronInputMap and neuronLogitMap", () => {
  it("multiply the weights on the way, head by head", () => {
    const [W_E, W_in] = [noise([5, 4], 1), noise([4, 6], 2)];
    const [W_V, W_O] = [noise([2, 4, 3], 3), noise([2, 3, 4], 4)];
    const map = neuronInputMap({ W_E, W_V, W_O, W_in });
    expect(map.shape).toEqual([2, 5, 6]);
    const second = [W_V, W_O].map((W) => W.data.slice(12)) as [Float64Array, Float64Array];
    const ov = naiveMatmul(float64([4, 3], second[0]), float64([3, 4], second[1]));
    const expected = naiveMatmul(naiveMatmul(W_E, ov), W_in);
    expect(furthest(map.data.slice(30), expected.data)).toBeLessThan(1e-14);
  });

  it("refuse shapes that do not meet", () => {
    const weights = { W_E: float64([5, 4]), W_V: float64([2, 4, 3]), W_in: float64([4, 6]) };
    expect(() => neuronInputMap({ ...weights, W_O: float64([1, 3, 4]) })).toThrow(
      'neuronInputMap W_O "head d_head d_model": expected [2,3,4], got [1,3,4]',
    );
    expect(() => neuronLogitMap(float64([6, 4]), float64([3, 7]))).toThrow(
      'neuronLogitMap W_U "d_model d_vocab_out": expected [4,?], got [3,7]',
    );
  });
});

describe("logitCosines", () => {
  it.each([7, 8])("modulo %i finds the coefficients of a sum of cosines", (p) => {
    const amplitudes = Array.from({ length: maxFrequency(p) }, (_, at) => at + 1);
    const logits = onInputs(p, p, (x, y, z) =>
      amplitudes.reduce(
        (sum, a, at) => sum + a * Math.cos((2 * Math.PI * (at + 1) * (x + y - z)) / p),
        0,
      ),
    );
    const { coefficients, shares } = logitCosines(logits, p);
    const expected = amplitudes.map(
      (a, at) => a * Math.sqrt(p ** 3 / (2 * (at + 1) === p ? 1 : 2)),
    );
    expect(furthest(coefficients, expected)).toBeLessThan(1e-11);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it("equals the inner product over all inputs and outputs", () => {
    const p = 5;
    const logits = noise([p * p, p], 3);
    const { coefficients, shares } = logitCosines(logits, p);
    const wave = onInputs(p, p, (x, y, z) => Math.cos((4 * Math.PI * (x + y - z)) / p));
    const norm = Math.sqrt(sumOfSquares(wave.data));
    const product = wave.data.reduce(
      (sum, value, at) => sum + (value * logits.data[at]!) / norm,
      0,
    );
    expect(coefficients[1]).toBeCloseTo(product, 12);
    expect(shares[1]).toBeGreaterThan(0);
    expect(logitCosines(float64([p * p, p]), p).shares).toEqual([0, 0]);
  });

  it("refuses outputs that are not numbers modulo p", () => {
    expect(() => logitsBySum(float64([25, 6]), 5)).toThrow(
      'logitsBySum "batch d_vocab_out": expected [25,5], got [25,6]',
    );
  });
});
