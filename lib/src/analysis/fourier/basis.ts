import { InputError } from "../../core/errors.ts";
import { type Float64NdArray, float64 } from "../linalg/index.ts";

/**
 * The real Fourier basis of functions on the integers modulo p: Const, then cos k, sin k for
 * k = 1 … floor(p / 2), each of norm 1. (For even p the last frequency has no sine.)
 * Cosine first, as in Nanda et al. 2023; Li's notebook puts the sine first and counts one frequency
 * too many for odd p.
 */
export interface FourierBasis {
  readonly p: number;
  /** p names: "Const", "cos 1", "sin 1", … */
  readonly names: readonly string[];
  /** Frequency of every component; 0 for the constant. */
  readonly frequencies: readonly number[];
  /** "component input", [p, p], orthonormal. */
  readonly matrix: Float64NdArray;
}

/** The Fourier basis modulo `p`, an integer of at least 2. */
export function fourierBasis(p: number): FourierBasis {
  checkModulus("fourierBasis", p);
  const matrix = float64([p, p]);
  const frequencies = Array.from({ length: p }, (_, component) => Math.ceil(component / 2));
  const names = frequencies.map((k, component) => {
    if (k === 0) return "Const";
    return `${component % 2 === 1 ? "cos" : "sin"} ${k}`;
  });
  for (const [component, k] of frequencies.entries()) {
    const alone = k === 0 || 2 * k === p;
    const scale = Math.sqrt((alone ? 1 : 2) / p);
    const wave = component % 2 === 1 || k === 0 ? Math.cos : Math.sin;
    for (let x = 0; x < p; x++) {
      matrix.data[component * p + x] = scale * wave((2 * Math.PI * ((k * x) % p)) / p);
    }
  }
  return { p, names, frequencies, matrix };
}

/** The largest frequency modulo p, floor(p / 2). */
export function maxFrequency(p: number): number {
  return Math.floor(p / 2);
}

/** Rows of the basis that belong to frequency `k`: [cos, sin], or [cos] alone when k = p / 2. */
export function componentsOf(p: number, k: number): readonly number[] {
  checkFrequency("componentsOf", p, k);
  return 2 * k === p ? [2 * k - 1] : [2 * k - 1, 2 * k];
}

/** Throw unless `p` is an integer of at least 2. */
export function checkModulus(where: string, p: number): void {
  if (!Number.isInteger(p) || p < 2) {
    throw new InputError(`${where}: p must be an integer of at least 2, got ${p}`);
  }
}

/** Throw unless `k` is a frequency modulo p. */
export function checkFrequency(where: string, p: number, k: number): void {
  if (!Number.isInteger(k) || k < 1 || k > maxFrequency(p)) {
    throw new InputError(
      `${where}: a frequency modulo ${p} is an integer from 1 to ${maxFrequency(p)}, got ${k}`,
    );
  }
}
