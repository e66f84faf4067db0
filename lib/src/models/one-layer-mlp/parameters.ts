import type { Parameter, Point } from "../model.ts";
import type { OneLayerMlpConfig } from "./config.ts";

/** Every weight, in the order of draws: `W_x W_y W W_U` (first `W_E_a W_E_b W W_U`) in the published code. */
export function parameters(c: OneLayerMlpConfig): readonly Parameter[] {
  const both = 2 * c.dEmbed;
  const list: Parameter[] = [
    { name: "embed.W_E_a", axes: "d_vocab d_embed", shape: [c.dVocab, c.dEmbed] },
    { name: "embed.W_E_b", axes: "d_vocab d_embed", shape: [c.dVocab, c.dEmbed] },
    { name: "mlp.W_in", axes: "d_embed_ab d_mlp", shape: [both, c.dMlp] },
    { name: "unembed.W_U", axes: "d_mlp d_vocab_out", shape: [c.dMlp, c.dVocabOut] },
  ];
  if (!c.bias) return list;
  return [
    ...list,
    { name: "mlp.b_in", axes: "d_mlp", shape: [c.dMlp] },
    { name: "unembed.b_U", axes: "d_vocab_out", shape: [c.dVocabOut] },
  ];
}

/** Every hook point, in the order of firing. */
export function points(_config: OneLayerMlpConfig): readonly Point[] {
  return [
    { name: "hook_embed_a", axes: "batch d_embed", fires: true },
    { name: "hook_embed_b", axes: "batch d_embed", fires: true },
    { name: "mlp.hook_pre", axes: "batch d_mlp", fires: true },
    { name: "mlp.hook_post", axes: "batch d_mlp", fires: true },
    { name: "unembed.hook_out", axes: "batch pos d_vocab_out", fires: true },
  ];
}
