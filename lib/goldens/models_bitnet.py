"""Goldens of BitNetTransformer, written as the seed's PyTorch modules: python models_bitnet.py > models_bitnet.golden.json

Weights are nn.Linear's "out in", set by the formula of `fill`; the TypeScript test lays them out
as TransformerLens does. Gradients are PyTorch's, through (W_q - u).detach() + u.
"""

import json
import math

import torch
import torch.nn.functional as F

from models import fill, rounded, summary

DIM, HEADS, MLP, VOCAB, OUT, DEPTH = 8, 2, 12, 6, 5, 2
TOKENS = [[0, 1, 5], [4, 1, 5], [3, 3, 5], [2, 0, 1]]
LABELS = [1, 0, 2, 4]


def straight(value, through):
    return (value - through).detach() + through


def binary(w):
    u = w - w.mean()
    return straight(torch.sign(u), u)


def scaled(w):
    u = w - w.mean()
    return straight(torch.sign(u) * w.abs().mean(), u)


def ternary(w):
    scale = w.abs().mean()
    return straight((w / scale).round().clamp(-1, 1) * scale, w)


def eight_bits(x):
    x = F.layer_norm(x, x.shape[-1:])
    scale = 127 / x.abs().amax(-1, keepdim=True)
    return straight((x * scale).round().clamp(-128, 127) / scale, x)


MODES = {"binary": (binary, lambda x: x), "binary-scaled": (scaled, eight_bits),
         "ternary": (ternary, lambda x: x), "none": (lambda w: w, lambda x: x)}


def shapes():
    yield "emb", (VOCAB, DIM)
    for layer in range(DEPTH):
        for name in "QKVO":
            yield f"{layer}.{name}", (DIM, DIM)
        yield f"{layer}.in", (MLP, DIM)
        yield f"{layer}.out", (DIM, MLP)
    yield "gamma", (DIM,)
    yield "unembed", (OUT, DIM)


def forward(w, mode, tokens):
    matrix, inputs = MODES[mode]
    linear = lambda x, name: F.linear(inputs(x), matrix(w[name]))
    split = lambda x: x.reshape(*x.shape[:2], HEADS, DIM // HEADS).transpose(1, 2)
    x = w["emb"][tokens]
    for layer in range(DEPTH):
        q, k, v = (split(linear(x, f"{layer}.{name}")) for name in "QKV")
        pattern = (q @ k.transpose(-1, -2) * DIM ** -0.5).softmax(-1)
        x = linear((pattern @ v).transpose(1, 2).flatten(2), f"{layer}.O") + x
        x = linear(F.relu(linear(x, f"{layer}.in")), f"{layer}.out") + x
    return F.linear(F.normalize(x, dim=-1) * DIM ** 0.5 * w["gamma"], w["unembed"]), pattern


def record(mode):
    w = {}
    for k, (name, shape) in enumerate(shapes()):
        values = torch.tensor(fill(k, math.prod(shape)), dtype=torch.float64).reshape(shape)
        w[name] = (values + (1.0 if name == "gamma" else 0.0)).float().requires_grad_()
    logits, pattern = forward(w, mode, torch.tensor(TOKENS))
    loss = F.cross_entropy(logits[:, -1].double(), torch.tensor(LABELS))
    loss.backward()
    return dict(loss=loss.item(), logits=logits.flatten().tolist(), pattern=summary(pattern),
                gradients={name: value.grad.flatten().tolist() for name, value in w.items()})


if __name__ == "__main__":
    golden = dict(torch=torch.__version__, tokens=TOKENS, labels=LABELS,
                  config=dict(dModel=DIM, nHeads=HEADS, dMlp=MLP, dVocab=VOCAB, dVocabOut=OUT, nLayers=DEPTH),
                  weights=[name for name, _ in shapes()], modes={mode: record(mode) for mode in MODES})
    print(json.dumps(rounded(golden), separators=(",", ":")))
