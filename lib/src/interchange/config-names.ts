/** Configurations as TransformerLens spells them, and back. */

import { InputError } from "../core/errors.ts";
import { printable, shown } from "../core/text.ts";

/** A configuration in plain values. */
export type ConfigRecord = { readonly [field: string]: unknown };

/** Fields of ours that TransformerLens does not have: its own version decides. */
const ownFields: readonly string[] = ["initOrder"];

/**
 * `HookedTransformerConfig` fields that change no logits in TransformerLens 3.9, or that others imply;
 * `goldens/config_fields.py` measures it. HookedTransformer does not tie, whatever `tie_word_embeddings`
 * says.
 */
export const ignored: readonly string[] = [
  ...["device", "dtype", "n_devices", "seed", "init_weights", "n_params", "model_name"],
  ...["original_architecture", "from_checkpoint", "checkpoint_index", "checkpoint_label_type"],
  ...["checkpoint_value", "tokenizer_name", "tokenizer_prepends_bos", "default_prepend_bos"],
  ...["uses_rms_norm", "layer_norm_folding", "trust_remote_code", "load_in_4bit"],
  ...["quantization_method", "decoder_start_token_id", "train_seq_length", "window_size"],
  ...["ungroup_grouped_query_attention", "experts_per_token", "norm_topk_prob"],
  ...["relative_attention_max_distance", "relative_attention_num_buckets", "rotary_base_local"],
  ...["NTK_by_parts_low_freq_factor", "NTK_by_parts_high_freq_factor", "NTK_by_parts_factor"],
  ...["NTK_original_ctx_len", "yarn_factor", "yarn_attention_factor", "yarn_beta_fast"],
  ...["yarn_beta_slow", "yarn_original_max_position_embeddings", "yarn_truncate"],
  "yarn_global_attn_only",
  "tie_word_embeddings",
];

/** Features that are not built here, with the value that turns each off. */
const off: { readonly [field: string]: unknown } = {
  n_key_value_heads: null,
  num_experts: null,
  use_qk_norm: false,
  clip_qkv: null,
  use_logn_attn: false,
  use_dynamic_ntk_rope: false,
  use_local_attn: false,
  attn_types: null,
  scale_attn_by_inverse_layer_idx: false,
  parallel_attn_mlp: false,
  post_embedding_ln: false,
  rotary_scaling_factor: 1,
  use_normalization_before_and_after: false,
  attn_scores_soft_cap: -1,
  output_logits_soft_cap: -1,
  use_NTK_by_parts_rope: false,
  use_yarn_rope: false,
  use_attention_sinks: false,
};

/** Fields for which TransformerLens writes -1 where it means "by the others". */
const minusOneMeansUnset: readonly string[] = [
  ...["n_heads", "d_vocab", "d_vocab_out", "attn_scale", "initializer_range"],
];

/**
 * The configuration as a dict for Python: `HookedTransformerConfig.from_dict(dict)` of
 * TransformerLens 3.5. Fields in snake case; without `initOrder`.
 */
export function toTransformerLensConfig(config: ConfigRecord): Record<string, ConfigValue> {
  return Object.fromEntries(
    sortedFields(config)
      .filter(([field]) => !ownFields.includes(field))
      .map(([field, value]) => [snakeCase(field), value as ConfigValue]),
  );
}

/** Fields with their values by name, so that the same configuration always reads the same. */
export function sortedFields(config: ConfigRecord): readonly (readonly [string, unknown])[] {
  return Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What fields of configurations hold. */
export type ConfigValue = string | number | boolean | null;

/**
 * Options of a model from a configuration in TransformerLens's names or ours. Fields that change no
 * output are left out. Throws `InputError` for features that are not built here; unknown fields are
 * left for the model's schema to refuse.
 */
export function fromTransformerLensConfig(record: ConfigRecord): Record<string, unknown> {
  const out: [string, unknown][] = [];
  for (const [field, value] of Object.entries(record)) {
    if (ignored.includes(field) || (field === "final_rms" && isNoFinalRms(record))) continue;
    if (Object.hasOwn(off, field)) {
      if (value === off[field]) continue;
      throw new InputError(
        `config: ${printable(field)} ${shown(value)} is not supported, only ${shown(off[field])}`,
      );
    }
    if (value === -1 && minusOneMeansUnset.includes(field)) continue;
    if (value === null && field !== "normalization_type" && field.includes("_")) continue;
    out.push([camelCase(field), value]);
  }
  return Object.fromEntries(out);
}

/** Whether the last norm is the kind that `normalization_type` says. Throws `InputError` if not. */
function isNoFinalRms(record: ConfigRecord): boolean {
  const { normalization_type: norm = record.normalizationType ?? "LN" } = record;
  const isLayerNorm = norm === "LN" || norm === "LNPre";
  if (record.final_rms !== true || !isLayerNorm) return true;
  throw new InputError(
    `config: final_rms true with normalization_type ${norm} is not supported: RMSNorm after the last block only; false is`,
  );
}

/** Whether a value reads as a configuration: it has the sizes that every transformer needs. */
export function isConfigRecord(value: unknown): value is ConfigRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return ["d_vocab", "dVocab"].some((field) => Object.hasOwn(value, field));
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(field: string): string {
  return field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
