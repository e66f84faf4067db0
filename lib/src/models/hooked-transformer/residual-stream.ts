import { isCentered } from "../layers/norm.ts";
import type { ResidualStream, Weights } from "../model.ts";
import type { HookedTransformerConfig, PositionalEmbeddingType } from "./config.ts";

/** Points that add up to the stream: Shortformer's positions are read by queries and keys only. */
const embeds: { readonly [P in PositionalEmbeddingType]: readonly string[] } = {
  standard: ["hook_embed", "hook_pos_embed"],
  shortformer: ["hook_embed"],
  rotary: ["hook_embed"],
  alibi: ["hook_embed"],
};

/** What the residual stream consists of and how it is read. */
export function residualStream(c: HookedTransformerConfig, weights: Weights): ResidualStream {
  const { normalizationType: type, eps } = c;
  const norm = type === null ? null : { centered: isCentered(type), eps };
  return { embeds: embeds[c.positionalEmbeddingType], norm, writers: weights };
}
