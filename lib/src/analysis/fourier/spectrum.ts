import { dims } from "../../core/dims.ts";
import type { NdArray } from "../../core/nd.ts";
import {
  cosineSimilarity,
  type Float64NdArray,
  gram,
  matmul,
  rowNorms,
  rows,
} from "../linalg/index.ts";
import type { FourierBasis } from "./basis.ts";
import { checkFrequency, componentsOf, maxFrequency } from "./basis.ts";

/** How the norm of a matrix "input feature" divides over Fourier components of the input. */
export interface Spectrum {
  /** Norm of every component, in the order of the basis. */
  readonly norms: readonly number[];
  /** Norm of frequency k = 1 … floor(p / 2), sine and cosine together, at index k - 1. */
  readonly frequencyNorms: readonly number[];
  /** Share of frequency k in the squared norm without the constant, at index k - 1; sums to 1. */
  readonly shares: readonly number[];
  /** Share of the constant in the squared norm. */
  readonly constantShare: number;
}

/** A matrix "input feature", [p, d], in the Fourier basis of its inputs: "component feature". */
export function fourierTransform(basis: FourierBasis, W: NdArray): Float64NdArray {
  dims("fourierTransform", W, "input feature", { input: basis.p });
  return matmul(basis.matrix, W);
}

/**
 * Norms of the Fourier components of a matrix "input feature" (Li's notebook, cell 56) and the share
 * of each frequency. A matrix of zeros has shares 0.
 */
export function spectrum(basis: FourierBasis, W: NdArray): Spectrum {
  const norms = rowNorms(fourierTransform(basis, W));
  const energy = norms.map((norm) => norm * norm);
  const perFrequency = new Array<number>(maxFrequency(basis.p)).fill(0);
  for (const [component, k] of basis.frequencies.entries()) {
    if (k > 0)
      perFrequency[k - 1] = (perFrequency[k - 1] as number) + (energy[component] as number);
  }
  const varying = perFrequency.reduce((sum, value) => sum + value, 0);
  const constant = energy[0] as number;
  const total = varying + constant;
  return {
    norms,
    frequencyNorms: perFrequency.map(Math.sqrt),
    shares: perFrequency.map((value) => (varying === 0 ? 0 : value / varying)),
    constantShare: total === 0 ? 0 : constant / total,
  };
}

/** Sum of the `shares` (frequency k at index k - 1) of the given frequencies. */
export function shareOf(shares: readonly number[], frequencies: readonly number[]): number {
  return frequencies.reduce((sum, k) => sum + (shares[k - 1] ?? 0), 0);
}

/** Dot products and cosines between the key Fourier components of a matrix. */
export interface ComponentProducts {
  readonly names: readonly string[];
  /** "component component". */
  readonly dots: Float64NdArray;
  /** "component component", in [-1, 1]. */
  readonly cosines: Float64NdArray;
}

/** Li's notebook, cell 57: are the directions that carry the key components orthogonal? */
export function componentProducts(
  basis: FourierBasis,
  W: NdArray,
  frequencies: readonly number[],
): ComponentProducts {
  const transformed = fourierTransform(basis, W);
  const components = componentsOfAll(basis.p, frequencies);
  const key = pick(transformed, components);
  return {
    names: components.map((at) => basis.names[at] as string),
    dots: gram(key),
    cosines: cosineSimilarity(key),
  };
}

/** The cosines of the key frequencies and their mean, which peaks at 0 alone. */
export interface Interference {
  readonly names: readonly string[];
  /** "freq input", each of norm 1. */
  readonly cosines: Float64NdArray;
  /** Mean over the key frequencies, one number per input; zeros without key frequencies. */
  readonly mean: readonly number[];
}

/** Li's notebook, cells 58 and 59: constructive interference of the key frequencies. */
export function interference(basis: FourierBasis, frequencies: readonly number[]): Interference {
  for (const k of frequencies) checkFrequency("interference", basis.p, k);
  const components = frequencies.map((k) => 2 * k - 1);
  const cosines = pick(basis.matrix, components);
  const count = Math.max(1, components.length);
  const mean = Array.from({ length: basis.p }, (_, x) => {
    let sum = 0;
    for (let at = x; at < cosines.data.length; at += basis.p) sum += cosines.data[at] as number;
    return sum / count;
  });
  return { names: components.map((at) => basis.names[at] as string), cosines, mean };
}

function componentsOfAll(p: number, frequencies: readonly number[]): number[] {
  return frequencies.flatMap((k) => [...componentsOf(p, k)]);
}

function pick(a: Float64NdArray, which: readonly number[]): Float64NdArray {
  const width = a.shape[1] as number;
  const data = new Float64Array(which.length * width);
  for (const [i, row] of which.entries()) data.set(rows("pick", a, row, row + 1).data, i * width);
  return { dtype: "float64", shape: [which.length, width], data };
}
