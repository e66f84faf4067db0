"""The training of `addition` (seed 001), replayed in PyTorch on a CPU, in float32 as the notebook or in
float64, where rounding plays no part: how far from exact arithmetic are the notebook's printed losses?
Prints step and loss every 100 updates.

    python addition_replay.py [float32|float64] [threads]
"""

import sys

import torch
from addition import SEED, forward, generator, log_probabilities, parameters


def replay(dtype):
    torch.manual_seed(SEED)
    P = {name: torch.nn.Parameter(p.detach().to(dtype)) for name, p in parameters(512, 4, 2048).items()}
    optimizer = torch.optim.AdamW(P.values(), lr=1e-4, weight_decay=0.1, betas=(0.9, 0.98))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(step / 10, 1))
    data = generator()
    for step in range(2901):
        tokens, *_ = next(data)
        loss = -log_probabilities(forward(P, tokens), tokens).mean(0).mean()
        if step % 100 == 0:
            print(step, loss.item(), flush=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    replay({"float32": torch.float32, "float64": torch.float64}[sys.argv[1] if len(sys.argv) > 1 else "float32"])
