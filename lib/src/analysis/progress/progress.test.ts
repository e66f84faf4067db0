import { describe, expect, it } from "vitest";
import { float64 } from "../linalg/index.ts";
import { noise, onInputs } from "../testing/numbers.ts";
import {
  excludedLoss,
  fullLoss,
  giniCoefficient,
  restrictedLoss,
  squaredWeights,
  sumLabels,
  testIndices,
} from "./index.ts";

const p = 7;
const w = (k: number): number => (2 * Math.PI * k) / p;
const trainIndices = [3, 40, 11, 25, 7];
/** Logits that are cosines of frequencies 1 and 2, a bias per output, and memorized noise. */
const clean = onInputs(
  p,
  p,
  (x, y, z) => 4 * Math.cos(w(1) * (x + y - z)) + 3 * Math.cos(w(2) * (x + y - z)) + 0.1 * z,
);
const noisy = float64(
  clean.shape,
  clean.data.map(
    (value, at) =>
      value + 2 * Math.cos(w(3) * Math.floor(at / p) * 2) + noise(clean.shape, 1).data[at]!,
  ),
);

describe("restrictedLoss", () => {
  it("changes nothing when the logits are the key cosines and a bias", () => {
    const restricted = restrictedLoss({ p, logits: clean, trainIndices }, [1, 2]);
    const full = fullLoss({ p, logits: clean, trainIndices });
    expect(restricted.all).toBeCloseTo(full.all, 12);
    expect(restricted.train).toBeCloseTo(full.train, 12);
    expect(restricted.test).toBeCloseTo(full.test, 12);
  });

  it("removes what is not in the key directions", () => {
    const restricted = restrictedLoss({ p, logits: noisy, trainIndices }, [1, 2]);
    expect(restricted.all).toBeLessThan(fullLoss({ p, logits: noisy, trainIndices }).all);
  });

  it("keeps the mean logits alone when there is no key frequency", () => {
    const logits = onInputs(p, p, (x, y, z) => Math.cos(w(1) * (x + y - z)));
    expect(restrictedLoss({ p, logits, trainIndices }, []).all).toBeCloseTo(Math.log(p), 12);
  });
});

describe("excludedLoss", () => {
  it("leaves chance when everything is in the key frequencies", () => {
    const logits = onInputs(
      p,
      p,
      (x, y, z) => 4 * Math.cos(w(1) * (x + y - z)) + 3 * Math.cos(w(2) * (x + y - z)),
    );
    const excluded = excludedLoss({ p, logits, trainIndices }, [1, 2]);
    expect(excluded.all).toBeCloseTo(Math.log(p), 12);
    const only2 = onInputs(p, p, (x, y, z) => 3 * Math.cos(w(2) * (x + y - z)));
    expect(excluded.frequencies).toEqual([1, 2]);
    expect(excluded.each[0]).toBeCloseTo(fullLoss({ p, logits: only2, trainIndices }).train, 12);
  });

  it("is the train loss when nothing is excluded", () => {
    const { all, each } = excludedLoss({ p, logits: noisy, trainIndices }, []);
    expect(all).toBeCloseTo(fullLoss({ p, logits: noisy, trainIndices }).train, 14);
    expect(each).toEqual([]);
  });
});

describe("the split", () => {
  it("labels inputs by their sum and puts the rest into the test set", () => {
    expect([...sumLabels(3)]).toEqual([0, 1, 2, 1, 2, 0, 2, 0, 1]);
    expect([...testIndices(2, [2, 0])]).toEqual([1, 3]);
  });

  it("must have members on both sides, none twice", () => {
    const logits = clean;
    expect(() => restrictedLoss({ p, logits, trainIndices: [] }, [1])).toThrow(
      "restrictedLoss: train and test set need at least one input each, got 0 train inputs of 49",
    );
    expect(() => excludedLoss({ p, logits, trainIndices: [1, 1] }, [1])).toThrow(
      "excludedLoss: train indices are distinct integers from 0 to 48, got 1",
    );
    expect(() => excludedLoss({ p, logits, trainIndices }, [4])).toThrow(
      "sumComponents: a frequency modulo 7 is an integer from 1 to 3, got 4",
    );
  });
});

describe("giniCoefficient", () => {
  it("is 0 for equal numbers and (n - 1) / n when one has everything", () => {
    expect(giniCoefficient([2, 2, 2])).toBe(0);
    expect(giniCoefficient([0, 0, 0, 5])).toBe(0.75);
    expect(giniCoefficient([0, 0])).toBe(0);
    expect(giniCoefficient([3, 1])).toBe(0.25);
  });

  it("equals the mean difference of all pairs over twice the mean", () => {
    const values = [...noise([20], 4).data].map(Math.abs);
    const mean = values.reduce((sum, value) => sum + value, 0) / 20;
    let pairs = 0;
    for (const a of values) for (const b of values) pairs += Math.abs(a - b);
    expect(giniCoefficient(values)).toBeCloseTo(pairs / 400 / (2 * mean), 14);
  });

  it("refuses negative numbers", () => {
    expect(() => giniCoefficient([1, -1])).toThrow(
      "giniCoefficient: needs a non-empty list of numbers from 0 up",
    );
  });
});

it("squaredWeights adds up the squares of every parameter", () => {
  const weights = { a: float64([2], Float64Array.of(3, 4)), b: float64([1], Float64Array.of(2)) };
  expect(squaredWeights(weights)).toEqual({ each: { a: 25, b: 4 }, total: 29 });
});
