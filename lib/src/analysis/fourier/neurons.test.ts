import { describe, expect, it } from "vitest";
import { float64, sumOfSquares } from "../linalg/index.ts";
import { furthest, noise, onInputs } from "../testing/numbers.ts";
import {
  componentsOf,
  fourierBasis,
  fourierTransform2d,
  inputMaps,
  maxFrequency,
  neuronClusters,
  neuronSpectrum,
  neuronVarianceShare,
} from "./index.ts";

describe("fourierTransform2d", () => {
  it.each([5, 6])("modulo %i equals four nested loops and keeps the sum of squares", (p) => {
    const basis = fourierBasis(p);
    const maps = noise([2, p, p], 1);
    const transformed = fourierTransform2d(basis, maps);
    const naive = float64([2, p, p]);
    for (let at = 0; at < naive.data.length; at++) {
      const [n, f, g] = [Math.floor(at / (p * p)), Math.floor(at / p) % p, at % p];
      for (let x = 0; x < p; x++) {
        for (let y = 0; y < p; y++) {
          naive.data[at]! +=
            basis.matrix.data[f * p + x]! *
            basis.matrix.data[g * p + y]! *
            maps.data[n * p * p + x * p + y]!;
        }
      }
    }
    expect(furthest(transformed.data, naive.data)).toBeLessThan(1e-14);
    expect(sumOfSquares(transformed.data)).toBeCloseTo(sumOfSquares(maps.data), 12);
  });
});

describe("inputMaps", () => {
  it("arranges chosen neurons as pictures over (x, y)", () => {
    const maps = inputMaps(
      onInputs(3, 2, (x, y, j) => 100 * j + 10 * x + y),
      3,
      [1],
    );
    expect(maps.shape).toEqual([1, 3, 3]);
    expect([...maps.data]).toEqual([100, 101, 102, 110, 111, 112, 120, 121, 122]);
  });

  it("refuses a neuron or a modulus that does not fit", () => {
    const activations = float64([9, 2]);
    expect(() => inputMaps(activations, 3, [2])).toThrow(
      "inputMaps (neuron 2): expected [9,3], got [9,2]",
    );
    expect(() => inputMaps(activations, 4, [0])).toThrow(
      'inputMaps "batch neuron": expected [16,2], got [9,2]',
    );
  });
});

describe("neuronSpectrum", () => {
  it.each([2, 3, 7, 8, 12])("modulo %i equals the 3 x 3 blocks of the 2-D transform", (p) => {
    const basis = fourierBasis(p);
    const activations = noise([p * p, 3], p);
    const maps = fourierTransform2d(basis, inputMaps(activations, p, [0, 1, 2]));
    const expected = float64([maxFrequency(p), 3]);
    for (let j = 0; j < 3; j++) {
      const map = maps.data.slice(j * p * p, (j + 1) * p * p);
      map[0] = 0;
      const total = sumOfSquares(map);
      for (let k = 1; k <= maxFrequency(p); k++) {
        const block = [0, ...componentsOf(p, k)];
        for (const f of block) {
          for (const g of block) {
            expected.data[(k - 1) * 3 + j]! += map[f * p + g]! ** 2 / total;
          }
        }
      }
    }
    const { fractions } = neuronSpectrum(basis, activations);
    expect(furthest(fractions.data, expected.data)).toBeLessThan(1e-13);
  });

  it("gives a cosine neuron to one frequency alone, and shares variance by energy", () => {
    const p = 11;
    const w = (k: number): number => (2 * Math.PI * k) / p;
    const activations = onInputs(p, 3, (x, y, j) => {
      if (j === 0) return 5 + 2 * Math.cos(w(3) * (x + y)) + Math.cos(w(3) * x);
      if (j === 1) return Math.sin(w(4) * x) * Math.cos(w(4) * y);
      return Math.cos(w(2) * x) * Math.cos(w(5) * y);
    });
    const found = neuronSpectrum(fourierBasis(p), activations);
    const at = (k: number, j: number): number => found.fractions.data[(k - 1) * 3 + j]!;
    expect(at(3, 0)).toBeCloseTo(1, 13);
    expect(at(4, 1)).toBeCloseTo(1, 13);
    expect(at(2, 2) + at(5, 2)).toBeCloseTo(0, 13);
    expect(found.variances[0]).toBeCloseTo(2.5, 12);
    expect(found.variances[1]).toBeCloseTo(0.25, 12);
    expect(neuronVarianceShare(found, [3])).toBeCloseTo(2.5 / 3, 12);
    expect(neuronVarianceShare(found, [3, 4])).toBeCloseTo(2.75 / 3, 12);
  });

  it("reports constant neurons as dead, with fraction 0 and not NaN", () => {
    const activations = onInputs(7, 3, (x, _, j) => [0, 0.1, Math.cos((2 * Math.PI * x) / 7)][j]!);
    const found = neuronSpectrum(fourierBasis(7), activations);
    expect(found.dead).toEqual([0, 1]);
    expect([...found.fractions.data]).not.toContain(Number.NaN);
    expect(neuronClusters(found).frequency).toEqual([0, 0, 1]);
    const none = neuronSpectrum(fourierBasis(7), float64([49, 2]));
    expect(none.shares).toEqual([0, 0, 0]);
    expect(neuronClusters(none).clusters).toEqual([]);
  });

  it("refuses another number of inputs", () => {
    expect(() => neuronSpectrum(fourierBasis(7), float64([48, 2]))).toThrow(
      'neuronSpectrum "batch neuron": expected [49,2], got [48,2]',
    );
  });
});

describe("neuronClusters", () => {
  const fractions = float64([2, 4], Float64Array.of(0.9, 0.2, 0.1, 0.3, 0.05, 0.7, 0.85, 0.3));

  it("groups neurons by preferred frequency and counts the well explained", () => {
    const grouped = neuronClusters({ fractions, dead: [] });
    expect(grouped.frequency).toEqual([1, 2, 2, 1]);
    expect(grouped.fraction).toEqual([0.9, 0.7, 0.85, 0.3]);
    expect(grouped.wellExplained).toBe(2);
    expect(grouped.clusters).toEqual([
      { frequency: 1, neurons: [0, 3], wellExplained: 1, meanFraction: expect.closeTo(0.6, 14) },
      { frequency: 2, neurons: [1, 2], wellExplained: 1, meanFraction: expect.closeTo(0.775, 14) },
    ]);
  });

  it("takes another least share", () => {
    expect(neuronClusters({ fractions, dead: [0] }, 0.5).wellExplained).toBe(2);
  });
});
