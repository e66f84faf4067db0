import type { Parameter, Point } from "../model.ts";
import type { BitNetConfig } from "./config.ts";

/** Every weight, in the order of draws. Matrices multiply rows from the right, as in TransformerLens. */
export function parameters(c: BitNetConfig): readonly Parameter[] {
  const dHead = c.dModel / c.nHeads;
  const list: Parameter[] = [
    { name: "embed.W_E", axes: "d_vocab d_model", shape: [c.dVocab, c.dModel] },
  ];
  for (let layer = 0; layer < c.nLayers; layer++) {
    const { attn, mlp } = folders(layer);
    for (const letter of ["Q", "K", "V"]) {
      list.push({
        name: `${attn}.W_${letter}`,
        axes: "head d_model d_head",
        shape: [c.nHeads, c.dModel, dHead],
      });
    }
    list.push(
      { name: `${attn}.W_O`, axes: "head d_head d_model", shape: [c.nHeads, dHead, c.dModel] },
      { name: `${mlp}.W_in`, axes: "d_model d_mlp", shape: [c.dModel, c.dMlp] },
      { name: `${mlp}.W_out`, axes: "d_mlp d_model", shape: [c.dMlp, c.dModel] },
    );
  }
  list.push(
    { name: "ln_final.w", axes: "d_model", shape: [c.dModel] },
    { name: "unembed.W_U", axes: "d_model d_vocab_out", shape: [c.dModel, c.dVocabOut] },
  );
  return list;
}

/** Whether a weight is quantized: the matrices of attention and MLP are. */
export function isQuantized(name: string): boolean {
  return name.startsWith("blocks.");
}

/** Every hook point, in the order of firing; the names of TransformerLens where they mean the same. */
export function points(c: BitNetConfig): readonly Point[] {
  const list: (readonly [name: string, axes: string])[] = [["hook_embed", "batch pos d_model"]];
  for (let layer = 0; layer < c.nLayers; layer++) {
    const { block, attn, mlp } = folders(layer);
    list.push(
      [`${block}.hook_resid_pre`, "batch pos d_model"],
      [`${attn}.hook_q`, "batch pos head d_head"],
      [`${attn}.hook_k`, "batch pos head d_head"],
      [`${attn}.hook_v`, "batch pos head d_head"],
      [`${attn}.hook_attn_scores`, "batch head dest src"],
      [`${attn}.hook_pattern`, "batch head dest src"],
      [`${attn}.hook_z`, "batch pos head d_head"],
      [`${block}.hook_attn_out`, "batch pos d_model"],
      [`${block}.hook_resid_mid`, "batch pos d_model"],
      [`${mlp}.hook_pre`, "batch pos d_mlp"],
      [`${mlp}.hook_post`, "batch pos d_mlp"],
      [`${block}.hook_mlp_out`, "batch pos d_model"],
      [`${block}.hook_resid_post`, "batch pos d_model"],
    );
  }
  list.push(
    ["ln_final.hook_scale", "batch pos one"],
    ["ln_final.hook_normalized", "batch pos d_model"],
    ["unembed.hook_in", "batch pos d_model"],
    ["unembed.hook_out", "batch pos d_vocab_out"],
  );
  return list.map(([name, axes]) => ({ name, axes, fires: true }));
}

function folders(layer: number) {
  const block = `blocks.${layer}`;
  return { block, attn: `${block}.attn`, mlp: `${block}.mlp` };
}
