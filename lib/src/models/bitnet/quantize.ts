/**
 * Quantized matrices and inputs. Every function is the identity in the backward pass, or the
 * subtraction of a mean: the straight-through estimator (Bengio et al. 2013).
 */

import { abs, clip, floor, maximum, sign, stopGradient, type Tensor } from "../../arrays/index.ts";
import { identity } from "../hooks.ts";
import { normalize } from "../layers/norm.ts";
import type { Weights } from "../model.ts";
import type { BitNetConfig, Quantization } from "./config.ts";
import { isQuantized } from "./parameters.ts";

interface Quantizer {
  /** The matrix that multiplies, from the trained matrix W; means are over the whole matrix. */
  matrix(w: Tensor): Tensor;
  /** What a matrix multiplies, from its input "… d_in". */
  input(x: Tensor): Tensor;
}

const same = (x: Tensor): Tensor => x;
const center = (w: Tensor): Tensor => w.sub(w.mean());
const absMean = (w: Tensor): Tensor => abs(w).mean();
const round = (x: Tensor): Tensor => floor(x.add(0.5));

/** The number `value` with the gradient of `through`. */
function straightThrough(value: Tensor, through: Tensor): Tensor {
  return stopGradient(value).add(through.sub(stopGradient(through)));
}

/**
 * - `binary`: sign(W - mean W), unscaled, as the network of Li 2024 (arXiv 2405.17703) was trained.
 * - `binary-scaled`: BitNet (Wang et al. 2023, arXiv 2310.11453, equations 1 to 11):
 *   mean|W| sign(W - mean W), and each input row LayerNorm(x) rounded to 8 bits by its largest
 *   entry: round(127 x / max|x|) max|x| / 127. Rows are quantized one by one, in training too.
 * - `ternary`: BitNet b1.58 (Ma et al. 2024, arXiv 2402.17764, equations 1 to 3), weights only:
 *   mean|W| clip(round(W / mean|W|), -1, 1).
 * - `none`: W itself.
 */
const quantizers: { readonly [Q in Quantization]: Quantizer } = {
  binary: {
    matrix: (w) => straightThrough(sign(center(w)), center(w)),
    input: same,
  },
  "binary-scaled": {
    matrix: (w) => straightThrough(sign(center(w)).mul(absMean(w)), center(w)),
    input: (x) => {
      const norm = { normalizationType: "LNPre", eps: 1e-5 } as const;
      const normalized = normalize(x, "", norm, {}, identity);
      const step = maximum(abs(normalized).max(-1, { keepdims: true }), 1e-5).div(127);
      return straightThrough(round(normalized.div(step)).mul(step), normalized);
    },
  },
  ternary: {
    matrix: (w) => {
      const scale = maximum(absMean(w), 1e-5);
      return straightThrough(clip(round(w.div(scale)), -1, 1).mul(scale), w);
    },
    input: same,
  },
  none: { matrix: same, input: same },
};

/** What the quantized matrices of a layer multiply, from the input "… d_in". */
export function quantizeInput(x: Tensor, { quantization }: BitNetConfig): Tensor {
  return quantizers[quantization].input(x);
}

/** Whether what a matrix multiplies is left as it is, so that outputs of single heads add up. */
export function addsUp({ quantization }: BitNetConfig): boolean {
  return quantizers[quantization].input === same;
}

/** The weights that the forward pass computes with, by the same names: quantized in the blocks. */
export function quantizeWeights(weights: Weights, { quantization }: BitNetConfig): Weights {
  const { matrix } = quantizers[quantization];
  return Object.fromEntries(
    Object.entries(weights).map(([name, w]) => [name, isQuantized(name) ? matrix(w) : w]),
  );
}
