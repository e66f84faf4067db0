"""The step of `modular-addition` as TransformerLens writes it: every position, module by module.

Two variants: the real `HookedTransformer` where `transformer_lens` can be imported, and the same
forward pass in plain PyTorch without hook points. The faster one counts.
"""

import math

import torch
from modular_addition import (
    ADAMW, D_HEAD, D_MLP, D_MODEL, HEADS, P, initial_weights, loss_of, main, train_examples,
)


class Plain(torch.nn.Module):
    """HookedTransformer's forward for one layer without normalisation."""

    def __init__(self, weights):
        super().__init__()
        self.weights = torch.nn.ParameterDict(
            {name.replace(".", "/"): torch.nn.Parameter(value) for name, value in weights.items()}
        )
        zeros = {"b_Q": (HEADS, D_HEAD), "b_K": (HEADS, D_HEAD), "b_V": (HEADS, D_HEAD),
                 "b_O": (D_MODEL,), "b_in": (D_MLP,), "b_out": (D_MODEL,), "b_U": (P,)}
        for name, shape in zeros.items():
            self.register_buffer(name, torch.zeros(shape))
        self.register_buffer("mask", torch.tril(torch.ones(3, 3)).bool())
        self.register_buffer("IGNORE", torch.tensor(-torch.inf))

    def forward(self, tokens):
        def w(name):
            return self.weights[name.replace(".", "/")]

        def project(x, name):
            return torch.einsum("bpd,hdk->bphk", x, w(f"blocks.0.attn.W_{name}")) + getattr(
                self, f"b_{name}"
            )

        x = w("embed.W_E")[tokens] + w("pos_embed.W_pos")
        q, k, v = project(x, "Q"), project(x, "K"), project(x, "V")
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(D_HEAD)
        pattern = torch.where(self.mask, scores, self.IGNORE).softmax(dim=-1)
        z = torch.einsum("bkhd,bhqk->bqhd", v, pattern)
        x = x + torch.einsum("bqhd,hdm->bqm", z, w("blocks.0.attn.W_O")) + self.b_O
        post = torch.relu(x @ w("blocks.0.mlp.W_in") + self.b_in)
        x = x + post @ w("blocks.0.mlp.W_out") + self.b_out
        return x @ w("unembed.W_U") + self.b_U


def hooked_transformer(weights):
    from transformer_lens import HookedTransformer, HookedTransformerConfig

    model = HookedTransformer(HookedTransformerConfig(
        n_layers=1, n_heads=HEADS, d_model=D_MODEL, d_head=D_HEAD, d_mlp=D_MLP, act_fn="relu",
        normalization_type=None, d_vocab=P + 1, d_vocab_out=P, n_ctx=3, init_weights=True,
        device="cpu", seed=999,
    ))
    for name, parameter in model.named_parameters():
        if "b_" in name:
            parameter.requires_grad = False
        else:
            parameter.data.copy_(weights[name])
    return model


def stepper(make_model):
    tokens, labels = train_examples()
    model = make_model(initial_weights())
    optimizer = torch.optim.AdamW(model.parameters(), **ADAMW)

    def step():
        loss = loss_of(model(tokens)[:, -1], labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()

    return step


def candidates(threads):
    variants = {"HookedTransformer": hooked_transformer, "plain": Plain}
    return [
        {"variant": name, "threads": n, "make": lambda make=make: stepper(make)}
        for name, make in variants.items()
        for n in threads
    ]


if __name__ == "__main__":
    main("PyTorch, as TransformerLens", candidates)
