import { describe, expect, it } from "vitest";
import { gram } from "../linalg/index.ts";
import { furthest } from "../testing/numbers.ts";
import { componentsOf, fourierBasis, maxFrequency } from "./index.ts";

describe("fourierBasis", () => {
  it.each([2, 3, 5, 12, 59, 113])("modulo %i has p orthonormal vectors", (p) => {
    const { matrix, names, frequencies } = fourierBasis(p);
    const identity = Float64Array.from({ length: p * p }, (_, at) => (at % (p + 1) === 0 ? 1 : 0));
    expect(matrix.shape).toEqual([p, p]);
    expect(names).toHaveLength(p);
    expect(frequencies.at(-1)).toBe(maxFrequency(p));
    expect(furthest(gram(matrix).data, identity)).toBeLessThan(1e-12);
  });

  it("lists the cosine of each frequency before its sine", () => {
    const { names, matrix } = fourierBasis(5);
    expect(names).toEqual(["Const", "cos 1", "sin 1", "cos 2", "sin 2"]);
    const scale = Math.sqrt(2 / 5);
    expect(matrix.data[1 * 5 + 3]).toBeCloseTo(scale * Math.cos((2 * Math.PI * 3) / 5), 14);
    expect(matrix.data[4 * 5 + 3]).toBeCloseTo(scale * Math.sin((2 * Math.PI * 6) / 5), 14);
  });

  it("has a cosine but no sine at frequency p / 2", () => {
    expect(fourierBasis(4).names).toEqual(["Const", "cos 1", "sin 1", "cos 2"]);
    expect([...fourierBasis(2).matrix.data].map((value) => value * Math.SQRT2)).toEqual([
      expect.closeTo(1, 14),
      expect.closeTo(1, 14),
      expect.closeTo(1, 14),
      expect.closeTo(-1, 14),
    ]);
    expect(componentsOf(4, 1)).toEqual([1, 2]);
    expect(componentsOf(4, 2)).toEqual([3]);
  });

  it("refuses a modulus or a frequency that does not exist", () => {
    expect(() => fourierBasis(1)).toThrow(
      "fourierBasis: p must be an integer of at least 2, got 1",
    );
    expect(() => componentsOf(7, 4)).toThrow(
      "componentsOf: a frequency modulo 7 is an integer from 1 to 3, got 4",
    );
  });
});
