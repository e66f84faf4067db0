import { describe, expect, it } from "vitest";
import { noise } from "../testing/numbers.ts";
import { fourierBasis, keyFrequencies, spectrum, topFrequencies } from "./index.ts";

const shares = [0.02, 0.4, 0.03, 0.3, 0.05, 0.2];

describe("keyFrequencies", () => {
  it("finds by default what has at least twice the uniform share", () => {
    expect(keyFrequencies([0.3, 0.02, 0.5, 0.03, 0.1, 0.05])).toEqual([3]);
    expect(keyFrequencies(new Array(8).fill(1 / 8))).toEqual([]);
  });

  it("finds nothing in a random matrix of the size of an embedding", () => {
    expect(keyFrequencies(spectrum(fourierBasis(113), noise([113, 128], 1)).shares)).toEqual([]);
  });

  it("takes another factor, a least share, or the largest gap", () => {
    expect(keyFrequencies(shares, { kind: "timesUniform", factor: 1.1 })).toEqual([2, 4, 6]);
    expect(keyFrequencies(shares, { kind: "atLeast", share: 0.3 })).toEqual([2, 4]);
    expect(keyFrequencies(shares, { kind: "largestGap" })).toEqual([2, 4, 6]);
    expect(keyFrequencies([0, 0.7, 0.3], { kind: "largestGap" })).toEqual([2, 3]);
    expect(keyFrequencies([0, 0], { kind: "largestGap" })).toEqual([]);
  });

  it("refuses shares and thresholds that make no sense", () => {
    expect(() => keyFrequencies([])).toThrow(
      "keyFrequencies: shares must be a non-empty list of numbers from 0 up",
    );
    expect(() => keyFrequencies([Number.NaN])).toThrow("numbers from 0 up");
    expect(() => keyFrequencies(shares, { kind: "atLeast", share: 0 })).toThrow(
      "keyFrequencies: the least share must be above 0, got 0",
    );
  });
});

it("topFrequencies lists the largest shares first and the lower of equal ones first", () => {
  expect(topFrequencies(shares, 3)).toEqual([2, 4, 6]);
  expect(topFrequencies([0.5, 0.5], 9)).toEqual([1, 2]);
});
