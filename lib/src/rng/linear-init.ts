/** Initial values of PyTorch's `nn.Linear`. */

import { type NdArray, nd } from "../core/nd.ts";
import type { Rng } from "../core/rng.ts";

/**
 * Weight "out in" of `nn.Linear(dIn, dOut)`, uniform in ±1/√dIn: `kaiming_uniform_(a=√5)`
 * (He et al. 2015, with PyTorch's gain).
 */
export function linearInit(rng: Rng, dOut: number, dIn: number): NdArray {
  const bound = Math.sqrt(3) * (Math.sqrt(2 / (1 + 5)) / Math.sqrt(dIn));
  return nd("float32", [dOut, dIn], rng.uniform(dOut * dIn, -bound, bound));
}

/** Bias "out" of `nn.Linear(dIn, dOut)`, uniform in ±1/√dIn; PyTorch draws it after the weight. */
export function linearBiasInit(rng: Rng, dOut: number, dIn: number): NdArray {
  const bound = 1 / Math.sqrt(dIn);
  return nd("float32", [dOut], rng.uniform(dOut, -bound, bound));
}
