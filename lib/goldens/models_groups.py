"""Golden initial weights, logits, losses and gradients of the networks on pairs, from PyTorch.

    python lib/goldens/models_groups.py > lib/src/models/one-layer-mlp/models.golden.json

The networks are written here from the description in Chughtai et al. 2023: x and y are embedded by
matrices of their own; the vectors are joined and pass one hidden layer, or are multiplied.
"""

import json

import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def draw(seed, shapes):
    torch.manual_seed(seed)
    return [(torch.randn(*shape) / width**0.5).requires_grad_() for shape, width in shapes]


def short(values):
    return [float(f"{x:.8g}") for x in values]


def sampled(tensor):
    flat = tensor.detach().flatten()
    stride = max(1, len(flat) // 12)
    return {"stride": stride, "samples": short(flat[::stride].tolist()), "sum": float(flat.double().sum())}


def case(name, weights, logits, labels):
    loss = F.cross_entropy(logits.double(), labels)
    gradients = torch.autograd.grad(loss, [w for _, w in weights])
    return {
        "weights": {key: sampled(w) for key, w in weights},
        "logits": sampled(logits),
        "loss": loss.item(),
        "gradients": {key: sampled(g) for (key, _), g in zip(weights, gradients)},
    }


n, e, h = 7, 20, 12
x = torch.arange(n).repeat_interleave(n)
y = torch.arange(n).repeat(n)
labels = (x + y) % n

Wx, Wy, W, WU = draw(3, [((n, e), e), ((n, e), e), ((2 * e, h), 2 * e), ((h, n), h)])
mlp = torch.relu(torch.hstack([Wx[x], Wy[y]]) @ W) @ WU
names = ["embed.W_E_a", "embed.W_E_b", "mlp.W_in", "unembed.W_U"]
out = {"mlp": case("mlp", list(zip(names, [Wx, Wy, W, WU])), mlp, labels)}

Wx, Wy, WU = draw(4, [((n, e), e), ((n, e), e), ((e, n), e)])
names = ["embed.W_E_a", "embed.W_E_b", "unembed.W_U"]
out["bilinear"] = case("bilinear", list(zip(names, [Wx, Wy, WU])), (Wx[x] * Wy[y]) @ WU, labels)

print(json.dumps(out, separators=(",", ":")))
