import { type NdArray, nd } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";
import { scaledNormal } from "../layers/scaled-normal.ts";
import type { WeightArrays } from "../model.ts";
import type { OneLayerMlpConfig } from "./config.ts";

/**
 * Initial weights, float32: `randn(shape) / sqrt(width)` in the order of `parameters`, where width is
 * dEmbed for the embeddings, 2 dEmbed for W_in, dMlp for W_U. Biases are zeros.
 */
export function init(c: OneLayerMlpConfig, rng: Rng): WeightArrays {
  const weights: Record<string, NdArray> = {
    "embed.W_E_a": scaledNormal(rng, [c.dVocab, c.dEmbed], c.dEmbed),
    "embed.W_E_b": scaledNormal(rng, [c.dVocab, c.dEmbed], c.dEmbed),
    "mlp.W_in": scaledNormal(rng, [2 * c.dEmbed, c.dMlp], 2 * c.dEmbed),
    "unembed.W_U": scaledNormal(rng, [c.dMlp, c.dVocabOut], c.dMlp),
  };
  if (!c.bias) return weights;
  return {
    ...weights,
    "mlp.b_in": nd("float32", [c.dMlp], new Float32Array(c.dMlp)),
    "unembed.b_U": nd("float32", [c.dVocabOut], new Float32Array(c.dVocabOut)),
  };
}
