"""Goldens of ActivationCache and of gradients at hook points, made by the real TransformerLens (3.x):
python activation_cache.py > activation_cache.golden.json

Weights are those of `fill` in models.py. A tensor is recorded as its shape, its sum, its product with
cos(0.37 i), and every n-th entry. Gradients are summed over the firings of a point, since ln1 fires
three times in TransformerLens. `logit_attrs` leaves out the weight of the final norm, so W_U is
multiplied by it first, as folding would, but not for "attrs without norm weight". There is no record where TransformerLens raises, of `mlp_input`
where no MLP reads, and of `batch_slice` without a norm, where TransformerLens ignores it.
"""

import json
import math
import sys
from contextlib import contextmanager

import torch
from transformer_lens import HookedTransformer, HookedTransformerConfig

from models import options, rounded, weights_by_formula

TOKENS = [[0, 1, 2, 3], [6, 5, 4, 4]]
RIGHT = [[1, 2, 3, 0], [5, 4, 4, 6]]
WRONG = [[2, 2, 2, 2], [0, 1, 2, 3]]
BASE = dict(n_layers=2, d_model=8, n_ctx=5, d_head=4, n_heads=2, d_mlp=6, d_vocab=7, act_fn="gelu",
            normalization_type="LN", seed=0, device="cpu")
CONFIGS = {
    "LN": dict(),
    "LNPre, relu, three heads": dict(normalization_type="LNPre", act_fn="relu", n_heads=3),
    "RMS, gated": dict(normalization_type="RMS", act_fn="silu", gated_mlp=True, eps=1e-3),
    "RMSPre, rotary": dict(normalization_type="RMSPre", positional_embedding_type="rotary"),
    "no norm": dict(normalization_type=None),
    "no norm, square": dict(normalization_type=None, d_mlp=8, d_vocab=8, d_vocab_out=8),
    "attention only, LN": dict(attn_only=True),
    "attention only, no norm": dict(attn_only=True, normalization_type=None, n_layers=3),
    "solu_ln": dict(act_fn="solu_ln"),
    "split inputs, results": dict(use_split_qkv_input=True, use_attn_result=True, use_hook_mlp_in=True),
    "alibi": dict(positional_embedding_type="alibi"),
    "one layer, bidirectional": dict(n_layers=1, attention_dir="bidirectional", d_vocab_out=9),
}


def record_tensor(x):
    flat = x.detach().double().flatten()
    flat = torch.where(torch.isfinite(flat), flat, torch.zeros_like(flat))
    step = max(1, len(flat) // 16)
    weights = torch.cos(0.37 * torch.arange(len(flat), dtype=torch.float64))
    return dict(shape=list(x.shape), sum=flat.sum().item(), dot=(flat * weights).sum().item(), step=step,
                every=flat[::step].tolist())


def record_stack(stack, labels=None):
    entry = record_tensor(stack)
    return entry if labels is None else dict(labels=list(labels), **entry)


@contextmanager
def final_norm_in_unembedding(model):
    norm = getattr(model, "ln_final", None)
    weight = getattr(norm, "w", None)
    before = model.unembed.W_U.data
    if isinstance(weight, torch.Tensor):
        model.unembed.W_U.data = weight.data[:, None] * before
    yield
    model.unembed.W_U.data = before


def calls(model, cache):
    """Each method with arguments: name -> function that returns a record."""
    labelled = dict(return_labels=True)
    direction = model.W_U[:, 1]
    two = model.W_U[:, :2]

    def attributed(tokens, wrong=None, **slices):
        stack, labels = cache.decompose_resid(pos_slice=slices.get("pos_slice"), return_labels=True)
        with final_norm_in_unembedding(model):
            values = cache.logit_attrs(stack, tokens, wrong, **slices)
        return record_stack(values, labels)

    stacked = lambda method, *args, **kw: record_stack(*getattr(cache, method)(*args, **labelled, **kw))
    return {
        "accumulated": lambda: stacked("accumulated_resid"),
        "accumulated mid ln": lambda: stacked("accumulated_resid", incl_mid=True, apply_ln=True),
        "accumulated 1 mlp ln": lambda: stacked("accumulated_resid", 1, mlp_input=True, apply_ln=True),
        "accumulated last": lambda: stacked("accumulated_resid", pos_slice=-1, apply_ln=True),
        "decompose": lambda: stacked("decompose_resid"),
        "decompose attn": lambda: stacked("decompose_resid", 1, mode="attn", mlp_input=True, apply_ln=True, pos_slice=(1, 3)),
        "decompose mlp": lambda: stacked("decompose_resid", mode="mlp", incl_embeds=False),
        "heads": lambda: stacked("stack_head_results", -1),
        "heads remainder": lambda: stacked("stack_head_results", 1, incl_remainder=True, apply_ln=True, pos_slice=[0, 2]),
        "result": lambda: record_tensor(cache["result", 0]),
        "neurons of 0": lambda: record_tensor(cache.get_neuron_results(0, neuron_slice=(1, 4), pos_slice=-1)),
        "neurons of 0 onto": lambda: record_tensor(cache.get_neuron_results(0, project_output_onto=direction)),
        "neurons": lambda: stacked("stack_neuron_results", -1, incl_remainder=True),
        "neurons onto ln": lambda: stacked("stack_neuron_results", -1, apply_ln=True, project_output_onto=two, neuron_slice=[0, 3], incl_remainder=True),
        "full": lambda: stacked("get_full_resid_decomposition"),
        "full layers": lambda: stacked("get_full_resid_decomposition", expand_neurons=False, apply_ln=True, pos_slice=-1),
        "full 1 mlp": lambda: stacked("get_full_resid_decomposition", 1, mlp_input=True, apply_ln=True),
        "full onto": lambda: stacked("get_full_resid_decomposition", 1, apply_ln=True, project_output_onto=direction),
        "patterns": lambda: record_tensor(cache.stack_activation("pattern")),
        "ln to stack": lambda: record_tensor(cache.apply_ln_to_stack(cache.decompose_resid(1), 1)),
        "ln recomputed": lambda: record_tensor(cache.apply_ln_to_stack(cache.decompose_resid(), recompute_ln=True)),
        "attrs": lambda: attributed(torch.tensor(RIGHT)),
        "attrs difference": lambda: attributed(torch.tensor(RIGHT), torch.tensor(WRONG)),
        "attrs last": lambda: attributed(torch.tensor([5, 1]), torch.tensor([0, 2]), pos_slice=-1),
        "attrs one token": lambda: attributed(3),
        "attrs without norm weight": lambda: record_stack(cache.logit_attrs(
            cache.decompose_resid(), torch.tensor(RIGHT), torch.tensor(WRONG))),
        "attrs second sequence": lambda: attributed(3, batch_slice=(1, 2)),
    }


def attempt(f):
    try:
        return f()
    except Exception as error:
        print(type(error).__name__, error, file=sys.stderr)
        return None


def gradients(model, tokens):
    sums = {}

    def add(name):
        def hook(grad, hook):
            sums[name] = sums.get(name, 0) + grad.detach()
        return hook

    names = [name for name in model.hook_dict if name != "hook_tokens"]
    with model.hooks(bwd_hooks=[(name, add(name)) for name in names]):
        loss = model(tokens, return_type="loss")
        loss.backward()
    return loss, sums


def record(changes):
    model = HookedTransformer(HookedTransformerConfig(**{**BASE, **changes}))
    weights_by_formula(model)
    tokens = torch.tensor(TOKENS)
    logits, cache = model.run_with_cache(tokens)
    methods = {}
    meaningless = set()
    if model.cfg.attn_only or model.cfg.n_layers == 1:
        meaningless |= {"accumulated 1 mlp ln", "decompose attn", "full 1 mlp"}
    if model.cfg.normalization_type is None:
        meaningless.add("attrs second sequence")
    for name, f in calls(model, cache).items():
        if name in meaningless:
            continue
        cache.compute_head_results()
        entry = attempt(f)
        if entry is not None:
            methods[name] = entry
    loss, sums = gradients(model, tokens)
    bias = attempt(lambda: record_tensor(model.accumulated_bias(1, mlp_input=model.cfg.n_layers > 1)))
    return dict(
        config=options({**BASE, **changes}), names=[name for name, _ in model.named_parameters()], methods=methods,
        loss=loss.item(), bias=bias, gradients={name: record_tensor(g) for name, g in sums.items()},
    )


if __name__ == "__main__":
    records = {name: record(changes) for name, changes in CONFIGS.items()}
    golden = dict(tokens=TOKENS, right=RIGHT, wrong=WRONG, records=records)
    print(json.dumps(rounded(golden), separators=(",", ":")))
