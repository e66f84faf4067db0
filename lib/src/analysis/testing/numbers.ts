/** Numbers for tests: a small deterministic generator, and naive versions of what is tested. */

import type { Rng } from "../../core/rng.ts";
import { type Float64NdArray, float64 } from "../linalg/index.ts";

/** Reproducible numbers in (-1, 1), a different sequence for each seed (Lehmer's generator). */
export function noise(shape: readonly number[], seed: number): Float64NdArray {
  const out = float64(shape);
  let state = 48271 * (seed + 1);
  for (let at = 0; at < out.data.length; at++) {
    state = (state * 48271) % 2147483647;
    out.data[at] = (2 * state) / 2147483647 - 1;
  }
  return out;
}

/** An `Rng` whose `normal` gives the numbers of `noise`. */
export function noiseRng(seed: number): Rng {
  const refuse = (): never => {
    throw new Error("noiseRng only draws normal numbers");
  };
  return {
    normal: (n) => Float32Array.from(noise([n], seed).data),
    uniform: refuse,
    randint: refuse,
    randperm: refuse,
  };
}

/** Values "batch neuron", batch = p x + y, of a function of (x, y, neuron). */
export function onInputs(
  p: number,
  neuron: number,
  value: (x: number, y: number, j: number) => number,
): Float64NdArray {
  const out = float64([p * p, neuron]);
  for (let at = 0; at < out.data.length; at++) {
    const input = Math.floor(at / neuron);
    out.data[at] = value(Math.floor(input / p), input % p, at % neuron);
  }
  return out;
}

/** Three nested loops. */
export function naiveMatmul(a: Float64NdArray, b: Float64NdArray): Float64NdArray {
  const [m, k] = a.shape as [number, number];
  const n = b.shape[1] as number;
  const out = float64([m, n]);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let q = 0; q < k; q++) {
        sum += (a.data[i * k + q] as number) * (b.data[q * n + j] as number);
      }
      out.data[i * n + j] = sum;
    }
  }
  return out;
}

/** Largest absolute difference of two lists; infinite when their lengths differ or one is not a number. */
export function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}
