import type { ResidualStream, Weights } from "../model.ts";
import type { BitNetConfig } from "./config.ts";
import { addsUp, quantizeWeights } from "./quantize.ts";

/** What the residual stream consists of; one RMSNorm, before the unembedding, reads it. */
export function residualStream(config: BitNetConfig, weights: Weights): ResidualStream {
  return {
    embeds: ["hook_embed"],
    norm: { centered: false, eps: 0 },
    writers: addsUp(config) ? quantizeWeights(weights, config) : undefined,
  };
}
