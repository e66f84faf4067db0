"""Progress measures of a published run of modular addition, in PyTorch, independent of tinylens.

    python lib/goldens/progress_measures.py FILE

FILE is wd_10-1_mod_addition_loss_curve.pth of Nanda et al.'s progress-measures-paper. Prints the key
frequencies (those that hold twice their even share of the unembedding), and with these and the weak
frequency 3, which ten neurons prefer: the loss over all pairs, the restricted loss, the excluded training
loss, and the Gini coefficients of the Fourier components of W_E and W_L. Needs torch.
"""

import math
import random
import sys

import torch

P = 113


def logits_of(w, tokens):
    """A one-layer transformer without normalisation, all weights "out in"."""
    x = w["embed.W_E"].T[tokens] + w["pos_embed.W_pos"][:3]
    k, q, v = [torch.einsum("ihd,bpd->biph", w[f"blocks.0.attn.W_{c}"], x) for c in "KQV"]
    scores = q @ k.transpose(-1, -2) / math.sqrt(k.shape[-1])
    hidden = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
    z = (scores.masked_fill(hidden, -1e10).softmax(-1) @ v).transpose(1, 2).reshape(len(tokens), 3, -1)
    x = x + z @ w["blocks.0.attn.W_O"].T
    h = torch.relu(x @ w["blocks.0.mlp.W_in"].T + w["blocks.0.mlp.b_in"])
    x = x + h @ w["blocks.0.mlp.W_out"].T + w["blocks.0.mlp.b_out"]
    return (x @ w["unembed.W_U"])[:, -1]


def loss(logits, labels):
    return -logits.double().log_softmax(-1).gather(-1, labels[:, None]).mean().item()


def gini(values):
    v = values.sort().values
    i = torch.arange(1, len(v) + 1, dtype=v.dtype)
    return ((2 * i - len(v) - 1) * v).sum().item() / (len(v) * v.sum().item())


def fourier_basis():
    x = torch.arange(P, dtype=torch.double)
    waves = [torch.ones(P, dtype=torch.double)]
    for k in range(1, P // 2 + 1):
        waves += [torch.cos(2 * math.pi * k * x / P), torch.sin(2 * math.pi * k * x / P)]
    basis = torch.stack(waves)
    return basis / basis.norm(dim=-1, keepdim=True)


def train_pairs(seed, fraction):
    pairs = [(a, b) for a in range(P) for b in range(P)]
    random.seed(seed)
    random.shuffle(pairs)
    return torch.tensor([a * P + b for a, b in pairs[: int(fraction * len(pairs))]])


def part_of(logits, sums, k):
    """Projection on cos and sin of w(a + b)."""
    angle = 2 * math.pi * k * sums.double() / P
    waves = torch.stack([torch.cos(angle), torch.sin(angle)])
    waves = waves / waves.norm(dim=-1, keepdim=True)
    return waves.T @ (waves @ logits)


def main(path):
    w = torch.load(path, map_location="cpu", weights_only=False)["model"]
    a, b = torch.arange(P).repeat_interleave(P), torch.arange(P).repeat(P)
    labels, train = (a + b) % P, train_pairs(1, 0.3)
    whole = logits_of(w, torch.stack([a, b, torch.full_like(a, P)], 1))
    logits, basis = whole[:, :P].double(), fourier_basis()
    energy = (basis @ w["unembed.W_U"].double()[:, :P].T).pow(2).sum(-1)
    share = (energy[1::2] + energy[2::2]) / energy[1:].sum()
    key = [k + 1 for k in range(P // 2) if share[k] >= 2 / (P // 2)]
    kept = sum(part_of(logits, a + b, k) for k in [3, *key])
    embedding = basis @ w["embed.W_E"].T[:P].double()
    logit_map = basis @ (w["unembed.W_U"].T @ w["blocks.0.mlp.W_out"]).double()[:P]
    print("key frequencies", key)
    print("full loss", loss(whole, labels))
    print("restricted loss", loss(kept + (logits - kept).mean(0), labels))
    print("excluded loss", loss((logits - kept)[train], labels[train]))
    print("Gini W_E", gini(embedding.norm(dim=-1)), "W_L", gini(logit_map.norm(dim=-1)))


if __name__ == "__main__":
    main(sys.argv[1])
