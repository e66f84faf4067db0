/** Names of hook points and weights as types, so that editors complete and the compiler checks them. */

/** Short names of `blocks.{layer}.attn.hook_…`. */
export const attnNames = [
  "q",
  "k",
  "v",
  "rot_q",
  "rot_k",
  "attn_scores",
  "pattern",
  "z",
  "result",
] as const;

/** Short names of `blocks.{layer}.mlp.hook_…`. */
export const mlpNames = ["pre", "pre_linear", "mid", "post"] as const;

/** Short names of `blocks.{layer}.hook_…`. */
export const blockNames = [
  "resid_pre",
  "attn_in",
  "q_input",
  "k_input",
  "v_input",
  "attn_out",
  "resid_mid",
  "mlp_in",
  "mlp_out",
  "resid_post",
] as const;

/** Short names of `….hook_…` of a normalization. */
export const normNames = ["scale", "normalized"] as const;

/** Short names of `hook_…` before the first block. */
export const globalNames = ["tokens", "embed", "pos_embed"] as const;

/** Other short names, and what they stand for. */
export const aliases = {
  attn: "pattern",
  attn_logits: "attn_scores",
  key: "k",
  query: "q",
  value: "v",
  mlp_pre: "pre",
  mlp_mid: "mid",
  mlp_post: "post",
} as const;

/** Parts of a block, and the other names of each. */
export const layerTypes = {
  a: "attn",
  attn: "attn",
  attention: "attn",
  m: "mlp",
  mlp: "mlp",
  b: "",
  block: "",
  blocks: "",
  ln1: "ln1",
  ln2: "ln2",
} as const;
/** The part of a block that a short name means, e.g. "ln1". */
export type LayerType = keyof typeof layerTypes;

/** What `getActName` and `ActivationCache.get` take for the full name of a point. */
export type ShortName =
  | (typeof attnNames | typeof mlpNames | typeof blockNames)[number]
  | (typeof normNames | typeof globalNames)[number]
  | keyof typeof aliases;

type Norm = `hook_${(typeof normNames)[number]}`;
type InBlock =
  | `hook_${(typeof blockNames)[number]}`
  | `attn.hook_${(typeof attnNames)[number]}`
  | `mlp.hook_${(typeof mlpNames)[number]}`
  | `${"ln1" | "ln2" | "mlp.ln"}.${Norm}`;
type OutsideBlocks =
  | `hook_${(typeof globalNames)[number]}`
  | `ln_final.${Norm}`
  | `unembed.hook_${"in" | "out"}`;

/** A name of a hook point of the transformers, in any layer. */
export type HookName = OutsideBlocks | `blocks.${number}.${InBlock}`;

/** Layers whose names editors list; further layers are as valid. */
type Listed = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** Completes to the names of the first eight layers; every string is accepted. */
export type HookNameInput = OutsideBlocks | `blocks.${Listed}.${InBlock}` | (string & {});

type WeightOutside =
  | "embed.W_E"
  | "pos_embed.W_pos"
  | `ln_final.${"w" | "b"}`
  | `unembed.${"W" | "b"}_U`;
type WeightInBlock =
  | `attn.${"W" | "b"}_${"Q" | "K" | "V" | "O"}`
  | `mlp.${"W" | "b"}_${"in" | "out"}`
  | "mlp.W_gate"
  | `${"ln1" | "ln2" | "mlp.ln"}.${"w" | "b"}`;

/** A name of a weight of the transformers, in any layer. */
export type WeightName = WeightOutside | `blocks.${number}.${WeightInBlock}`;

/** Completes to the names of the first eight layers; every string is accepted. */
export type WeightNameInput = WeightOutside | `blocks.${Listed}.${WeightInBlock}` | (string & {});
