import { dims } from "../../core/dims.ts";
import type { NdArray } from "../../core/nd.ts";
import { type Float64NdArray, float64 } from "../linalg/index.ts";
import { checkModulus, fourierBasis, maxFrequency } from "./basis.ts";

/**
 * Logits "batch d_vocab_out", batch = p x + y, d_vocab_out = p, summed over the inputs with the
 * same x + y modulo p: "sum d_vocab_out". All that the directions cos w(x + y), sin w(x + y) and
 * cos w(x + y - z) can see of the logits.
 */
export function logitsBySum(logits: NdArray, p: number): Float64NdArray {
  checkModulus("logitsBySum", p);
  dims("logitsBySum", logits, "batch d_vocab_out", { batch: p * p, d_vocab_out: p });
  const out = float64([p, p]);
  for (let x = 0; x < p; x++) {
    for (let y = 0; y < p; y++) {
      const from = (p * x + y) * p;
      const to = ((x + y) % p) * p;
      for (let z = 0; z < p; z++) {
        out.data[to + z] = (out.data[to + z] as number) + (logits.data[from + z] as number);
      }
    }
  }
  return out;
}

/** How much of the logits is cos w(x + y - z). */
export interface LogitCosines {
  /** Inner product of the logits with cos(w_k (x + y - z)) made a unit vector; frequency k at k - 1. */
  readonly coefficients: readonly number[];
  /** Squared coefficient over the sum of squares of the logits, each row centered; at k - 1. */
  readonly shares: readonly number[];
}

/**
 * Coefficients of cos w_k (x + y - z), w_k = 2 pi k / p, in logits "batch d_vocab_out"
 * (batch = p x + y, d_vocab_out = p), and the share of the variance each explains
 * (Nanda et al. 2023, section 4).
 */
export function logitCosines(logits: NdArray, p: number): LogitCosines {
  const bySum = logitsBySum(logits, p).data;
  const byOffset = new Float64Array(p);
  for (let s = 0; s < p; s++) {
    for (let z = 0; z < p; z++) {
      const offset = (s - z + p) % p;
      byOffset[offset] = (byOffset[offset] as number) + (bySum[s * p + z] as number);
    }
  }
  const basis = fourierBasis(p).matrix.data;
  const coefficients = Array.from({ length: maxFrequency(p) }, (_, at) => {
    const cosine = (2 * at + 1) * p;
    let product = 0;
    for (let offset = 0; offset < p; offset++) {
      product += (basis[cosine + offset] as number) * (byOffset[offset] as number);
    }
    // The basis row has norm 1 over p offsets; each offset occurs p^2 times among (x, y, z).
    return product / p;
  });
  const energy = rowCentredEnergy(logits, p);
  const shares = coefficients.map((value) => (energy === 0 ? 0 : (value * value) / energy));
  return { coefficients, shares };
}

/** Sum of squares of the logits after taking off the mean of each row. */
function rowCentredEnergy(logits: NdArray, width: number): number {
  let energy = 0;
  for (let from = 0; from < logits.data.length; from += width) {
    let sum = 0;
    for (let z = 0; z < width; z++) sum += logits.data[from + z] as number;
    const mean = sum / width;
    for (let z = 0; z < width; z++) energy += ((logits.data[from + z] as number) - mean) ** 2;
  }
  return energy;
}
