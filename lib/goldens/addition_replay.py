"""The training of the notebook on 5-digit addition, replayed in PyTorch on a CPU, in float32 as the notebook
or in float64, where rounding plays no part: how far from exact arithmetic are the notebook's printed losses?
Prints step and loss every 100 updates, and after 3,000 updates the share of 20,000 random sums with every
digit right, drawn 1,000 at a time from the generator seeded with 1.

    python addition_replay.py [float32|float64] [threads]
"""

import sys

import torch
from addition import N, SEED, forward, generator, log_probabilities, parameters, with_sums

STEPS = 3000


def replay(dtype):
    torch.manual_seed(SEED)
    P = {name: torch.nn.Parameter(p.detach().to(dtype)) for name, p in parameters(512, 4, 2048).items()}
    optimizer = torch.optim.AdamW(P.values(), lr=1e-4, weight_decay=0.1, betas=(0.9, 0.98))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(step / 10, 1))
    data = generator()
    for step in range(STEPS):
        tokens, *_ = next(data)
        loss = -log_probabilities(forward(P, tokens), tokens).mean(0).mean()
        if step % 100 == 0:
            print(step, loss.item(), flush=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return P


@torch.no_grad()
def scores(P, count, seed, drawn):
    """Which digits of `count` random sums are right, "sum digit", and the loss of each in nats."""
    torch.manual_seed(seed)
    right, losses = [], []
    for _ in range(count // drawn):
        tokens, *_ = with_sums(torch.randint(0, 10, (drawn, N)), torch.randint(0, 10, (drawn, N)))
        for part in tokens.split(1000):
            logits = forward(P, part)
            right.append(logits[:, -N - 2:-1].argmax(-1) == part[:, -N - 1:])
            losses.append(-log_probabilities(logits, part))
    return torch.cat(right), torch.cat(losses)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    trained = replay({"float32": torch.float32, "float64": torch.float64}[sys.argv[1] if len(sys.argv) > 1 else "float32"])
    right, losses = scores(trained, 20_000, seed=1, drawn=1000)
    print("accuracy", right.all(1).double().mean().item(), "loss", losses.mean().item())
