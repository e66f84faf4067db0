"""How well the published model of 5-digit addition adds (Nanda et al. 2023, Progress measures for grokking via
mechanistic interpretability, run 5_digit_addition_infinite): the 100,000 random sums of the
study, drawn 4,000 at a time from the generator seeded with 0, in PyTorch in float64.

    python addition_published.py 5_digit_addition_infinite.pth
"""

import json
import sys

import torch
from addition import N
from addition_replay import scores


def parameters(path):
    file = torch.load(path, map_location="cpu")
    weights = {name: w.double() for name, w in file["model"].items()}
    block = "blocks.0."
    names = dict(E="embed.W_E", pos="pos_embed.W_pos", U="unembed.W_U", win=block + "mlp.W_in", bin=block + "mlp.b_in",
                 wout=block + "mlp.W_out", bout=block + "mlp.b_out", **{c: f"{block}attn.W_{c}" for c in "KQVO"})
    return {name: weights[full] for name, full in names.items()}


def longest_cascades(sums):
    """The most nines in a row that one carry passes through."""
    carry, run, longest = [torch.zeros(len(sums), dtype=torch.long) for _ in range(3)]
    for total in sums.flip(1).T:
        run = torch.where((total == 9) & (carry == 1), run + 1, 0)
        longest = torch.maximum(longest, run)
        carry = (total + carry >= 10).long()
    return longest


if __name__ == "__main__":
    P = parameters(sys.argv[1])
    right, losses = scores(P, 100_000, seed=0, drawn=4000)
    torch.manual_seed(0)
    sums = torch.cat([torch.randint(0, 10, (4000, N)) + torch.randint(0, 10, (4000, N)) for _ in range(25)])
    whole, cascades = right.all(1), longest_cascades(sums)
    hits = [whole[cascades == k].double().mean().item() for k in range(cascades.max() + 1)]
    print(json.dumps({"accuracy": whole.double().mean().item(), "loss": losses.mean().item(),
                      "digits": right.double().mean(0).tolist(), "cascades": hits,
                      "counts": [(cascades == k).sum().item() for k in range(len(hits))]}))
