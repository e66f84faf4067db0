"""How far TransformerLens's logits move when a field of its configuration that tinylens does not have is changed.

Run: python lib/goldens/config_fields.py > lib/goldens/config_fields.golden.json
"""

import json
import sys
from importlib.metadata import version

import torch
from transformer_lens import HookedTransformer, HookedTransformerConfig

SIZES = dict(n_layers=2, d_model=8, n_ctx=5, n_heads=2, d_head=4, d_mlp=12, d_vocab=9, seed=1)

BASES = {
    "LN": dict(act_fn="gelu", normalization_type="LN"),
    "LNPre": dict(act_fn="relu", normalization_type="LNPre"),
    "RMS rotary": dict(
        act_fn="silu", normalization_type="RMS", gated_mlp=True, positional_embedding_type="rotary", rotary_dim=4
    ),
    "RMSPre": dict(act_fn="gelu", normalization_type="RMSPre"),
    "none": dict(act_fn=None, normalization_type=None, attn_only=True),
}

# Values away from the default, of every field that tinylens leaves out.
VALUES = {
    "device": ["cpu"],
    "n_devices": [1],
    "seed": [7],
    "init_weights": [True],
    "n_params": [12345],
    "model_name": ["other"],
    "original_architecture": ["GPT2LMHeadModel"],
    "from_checkpoint": [True],
    "checkpoint_index": [3],
    "checkpoint_label_type": ["step"],
    "checkpoint_value": [100],
    "tokenizer_name": [None],  # a name is looked up on the Hub; it makes tokens, not logits
    "tokenizer_prepends_bos": [True, False],
    "default_prepend_bos": [True, False],
    "uses_rms_norm": [True],
    "layer_norm_folding": [True],
    "trust_remote_code": [True],
    "load_in_4bit": [False],
    "quantization_method": ["mxfp4"],
    "decoder_start_token_id": [0],
    "train_seq_length": [2048],
    "window_size": [1, 2],
    "ungroup_grouped_query_attention": [True],
    "experts_per_token": [2],
    "norm_topk_prob": [True],
    "relative_attention_max_distance": [2],
    "relative_attention_num_buckets": [2],
    "rotary_base_local": [100],
    "NTK_by_parts_low_freq_factor": [2.0],
    "NTK_by_parts_high_freq_factor": [8.0],
    "NTK_by_parts_factor": [2.0],
    "NTK_original_ctx_len": [2],
    "yarn_factor": [4.0],
    "yarn_attention_factor": [2.0],
    "yarn_beta_fast": [2.0],
    "yarn_beta_slow": [3.0],
    "yarn_original_max_position_embeddings": [2],
    "yarn_truncate": [True, False],
    "yarn_global_attn_only": [True],
    "final_rms": [True],
    "tie_word_embeddings": [True],
}


def logits(base, weights=None, **changes):
    """Logits of a model with the weights given, or its own; the weights too."""
    fields = HookedTransformerConfig(**{**SIZES, **BASES[base]}).to_dict()
    unknown = [field for field in changes if field not in fields]
    cfg = HookedTransformerConfig.from_dict({**fields, **{k: v for k, v in changes.items() if k not in unknown}})
    model = HookedTransformer(cfg)
    if weights is not None:
        model.load_state_dict(weights, strict=False)
    with torch.no_grad():
        return model(torch.tensor([[1, 2, 3, 4], [8, 0, 5, 5]])), model.state_dict(), unknown


def main():
    moved = {}
    unknown = set()
    refused = {}
    for base in BASES:
        plain, weights, _ = logits(base)
        generator = torch.Generator().manual_seed(2)
        weights = {
            name: x + 0.3 * torch.randn(x.shape, generator=generator)
            if x.is_floating_point() and not name.endswith(("mask", "IGNORE", "rotary_sin", "rotary_cos"))
            else x
            for name, x in weights.items()
        }
        plain, _, _ = logits(base, weights)
        for field, values in VALUES.items():
            for value in values:
                try:
                    changed, _, absent = logits(base, weights, **{field: value})
                except AssertionError as error:  # not without another field, which tinylens refuses
                    refused[field] = str(error)
                    continue
                unknown.update(absent)
                difference = (changed - plain).abs().max().item()
                moved.setdefault(field, {})[base] = max(difference, moved.get(field, {}).get(base, 0.0))
    result = {"transformer_lens": version("transformer-lens"), "moved": moved, "absent": sorted(unknown), "refused": refused}
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
