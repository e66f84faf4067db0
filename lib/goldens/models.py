"""Goldens of the models, made by the real TransformerLens (3.x): python models.py > models.golden.json

Every weight is set by the formula of `fill`, so that biases and norms are not trivial and the
numbers do not depend on a random generator. Initial weights are recorded separately in "inits".
Attention scores are -inf where masked; sums are over finite entries, in float64.
"""

import json
import math

import torch
from transformer_lens import HookedTransformer, HookedTransformerConfig

TOKENS = [[0, 1, 2, 3, 4], [6, 5, 4, 3, 2]]
BASE = dict(n_layers=1, d_model=8, n_ctx=5, d_head=4, n_heads=2, d_mlp=16, d_vocab=7, act_fn="relu",
            normalization_type="LN", seed=0, device="cpu")
SQUARE = dict(d_mlp=8, d_vocab=8, d_vocab_out=8, n_heads=2)
CONFIGS = {
    "LN relu": dict(),
    "LN gelu two layers": dict(n_layers=2, act_fn="gelu"),
    "no norm, square": dict(normalization_type=None, **SQUARE),
    "attention only, two layers": dict(n_layers=2, attn_only=True),
    "rotary, silu": dict(positional_embedding_type="rotary", act_fn="silu"),
    "RMS, gelu_fast": dict(normalization_type="RMS", act_fn="gelu_fast", eps=1e-4),
    "LNPre, solu, bidirectional": dict(normalization_type="LNPre", act_fn="solu", attention_dir="bidirectional"),
    "RMSPre, gated, adjacent rotary": dict(n_layers=2, normalization_type="RMSPre", act_fn="gelu_new", gated_mlp=True,
                                           positional_embedding_type="rotary", rotary_dim=2, rotary_adjacent_pairs=True,
                                           use_attn_scale=False),
    "solu_ln with every optional point": dict(act_fn="solu_ln", use_attn_result=True, use_split_qkv_input=True,
                                              use_attn_in=True, use_hook_mlp_in=True, use_hook_tokens=True,
                                              attn_scale=1.5, d_vocab_out=9),
    "gelu_pytorch_tanh, attn_in": dict(act_fn="gelu_pytorch_tanh", use_attn_in=True, n_heads=3),
}
INITS = {
    "gpt2": dict(),
    "gpt2, range 0.02": dict(initializer_range=0.02),
    "xavier_uniform": dict(init_mode="xavier_uniform"),
    "xavier_normal": dict(init_mode="xavier_normal"),
    "kaiming_uniform": dict(init_mode="kaiming_uniform"),
    "kaiming_normal": dict(init_mode="kaiming_normal"),
    "gated, two layers": dict(gated_mlp=True, n_layers=2),
}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def options(config):
    return {camel(k): v for k, v in config.items() if k not in ("seed", "device")}


def fill(k, n):
    return [0.3 * math.sin(1.7 * k + 0.61 * i + 0.1) for i in range(n)]


def summary(x, count=3):
    flat = x.detach().double().flatten()
    finite = flat[torch.isfinite(flat)]
    return dict(shape=list(x.shape), sum=finite.sum().item(), first=finite[:count].tolist())


def weights_by_formula(model):
    for k, (name, parameter) in enumerate(model.named_parameters()):
        values = torch.tensor(fill(k, parameter.numel()), dtype=torch.float64).reshape(parameter.shape)
        base = 1.0 if name.endswith(".w") else 0.0
        parameter.data = (values + base).float()


def record(changes):
    config = {**BASE, **changes}
    model = HookedTransformer(HookedTransformerConfig(**config))
    weights_by_formula(model)
    tokens = torch.tensor(TOKENS)
    out = int(model.cfg.d_vocab_out)
    logits, cache = model.run_with_cache(tokens)
    logits.retain_grad()
    labels = torch.tensor([[t % out for t in row] for row in TOKENS])
    log_probs = logits.log_softmax(-1)
    loss = -log_probs.gather(-1, labels[..., None]).mean()
    model.zero_grad()
    loss.backward()
    return dict(
        config=options(config), logits=logits.detach().flatten().tolist(), loss=loss.item(), lmLoss=model(tokens, return_type="loss").item(),
        hooks=[dict(name=name, **summary(value)) for name, value in cache.items()],
        parameters=[dict(name=name, shape=list(p.shape), grad=summary(p.grad)) for name, p in model.named_parameters()],
    )


def initial(changes):
    config = {**BASE, **changes}
    model = HookedTransformer(HookedTransformerConfig(**config))
    return dict(config=options(config), parameters=[dict(name=name, **summary(p)) for name, p in model.named_parameters()])


def adamw():
    model = HookedTransformer(HookedTransformerConfig(**BASE))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1.0, betas=(0.9, 0.98), eps=1e-8)
    losses = []
    for _ in range(5):
        loss = model(torch.tensor(TOKENS), return_type="loss")
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return value


if __name__ == "__main__":
    golden = dict(
        torch=torch.__version__, tokens=TOKENS, adamw=adamw(),
        models={name: record(changes) for name, changes in CONFIGS.items()},
        inits={name: initial(changes) for name, changes in INITS.items()},
    )
    print(json.dumps(rounded(golden), separators=(",", ":")))
