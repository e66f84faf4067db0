"""Golden numbers of PyTorch's optimisers: weights after each of five updates.

The gradient of update t at weight w is cos(3 w + t) (float32), so that no autograd is needed.
Run: python lib/goldens/optim.py > lib/src/train/optim/optim.golden.json
"""

import json
import torch

START = [0.5, -1.25, 0.0, 2.0, -0.03125, 1e-3]
CASES = {
    "adamw": ("adamw", dict(lr=1e-2, weight_decay=1.0, betas=(0.9, 0.98), eps=1e-8)),
    "adamw without decay": ("adamw", dict(lr=1e-3, weight_decay=0.0, betas=(0.9, 0.999), eps=1e-8)),
    "adamw with large eps": ("adamw", dict(lr=0.1, weight_decay=0.1, betas=(0.5, 0.75), eps=0.1)),
    "adam": ("adam", dict(lr=1e-2, weight_decay=0.0, betas=(0.9, 0.999), eps=1e-8)),
    "adam with decay": ("adam", dict(lr=1e-2, weight_decay=0.5, betas=(0.9, 0.98), eps=1e-6)),
    "sgd": ("sgd", dict(lr=0.1, weight_decay=0.0, momentum=0.0)),
    "sgd with decay": ("sgd", dict(lr=0.1, weight_decay=0.25, momentum=0.0)),
    "sgd with momentum": ("sgd", dict(lr=0.05, weight_decay=0.25, momentum=0.9)),
}
MAKE = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def options(name, given):
    out = {"name": name, "lr": given["lr"], "weightDecay": given["weight_decay"]}
    if name == "sgd":
        return {**out, "momentum": given["momentum"]}
    return {**out, "betas": given["betas"], "eps": given["eps"]}


def schedules():
    parameter = torch.nn.Parameter(torch.zeros(1))
    out = {}
    for name, make in {
        "warmup": lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda step: min(step / 10, 1)),
        "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=20),
    }.items():
        optimizer = torch.optim.SGD([parameter], lr=1.0)
        scheduler = make(optimizer)
        factors = []
        for _ in range(20):
            factors.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        out[name] = factors
    return out


def main():
    cases = {}
    for title, (name, given) in CASES.items():
        w = torch.nn.Parameter(torch.tensor(START))
        optimizer = MAKE[name]([w], **given)
        weights = []
        for t in range(5):
            w.grad = torch.cos(3 * w.detach() + t)
            optimizer.step()
            weights.append([float(x) for x in w.detach()])
        cases[title] = {"options": options(name, given), "weights": weights}
    print(json.dumps({"torch": torch.__version__, "start": START, "cases": cases, "schedules": schedules()}, indent=1))


main()
