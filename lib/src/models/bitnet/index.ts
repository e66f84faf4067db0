import type { Model } from "../model.ts";
import { type BitNetConfig, bitNetConfig } from "./config.ts";
import { forward } from "./forward.ts";
import { init } from "./init.ts";
import { lastLogits } from "./last-logits.ts";
import { parameters, points } from "./parameters.ts";
import { quantizeWeights } from "./quantize.ts";
import { residualStream } from "./residual-stream.ts";

export {
  type BitNetConfig,
  type BitNetOptions,
  bitNetConfig,
  type Quantization,
  quantizations,
} from "./config.ts";
export { notebookInit } from "./init.ts";
export { quantizeWeights } from "./quantize.ts";

/** Transformer with binary or ternary matrices in attention and MLP. */
export const bitNetTransformer: Model<BitNetConfig> = {
  name: "bitnet",
  title: "Transformer with binary or ternary weights",
  source: {
    paper: "Li 2024, Mechanistic Interpretability of Binary and Ternary Transformers",
    url: "https://arxiv.org/abs/2405.17703",
  },
  config: bitNetConfig,
  parameters,
  points,
  init,
  forward,
  lastLogits,
  effectiveWeights: quantizeWeights,
  residualStream,
};
