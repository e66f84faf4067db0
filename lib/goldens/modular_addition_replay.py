"""The training of `modular-addition`, replayed in PyTorch on a CPU: when does it grok?

The step is that of bench/peers/modular_addition_optimised.py: the notebook's model, seed, split, float64
loss and AdamW, with only the last position's rows computed. Prints step, train loss, test loss and test
accuracy at a few early steps and every 500 updates, and ends at the first test loss under 0.001 seen.
With PyTorch 2.15 on one thread: test loss 31.74 at 3,000, 24.56 at 10,500, 8.21 at 16,000, 0.0174 at
17,500, 0.00098 at 18,500. In float64 the train loss is 2.9465998055195595 at 99.

    python modular_addition_replay.py [float32|float64] [threads]
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "bench" / "peers"))
from modular_addition import ADAMW, P, initial_weights, loss_of, train_examples  # noqa: E402
from modular_addition_optimised import Lookup, flat_heads, logits_of  # noqa: E402


def test_examples(train):
    seen = {a * P + b for a, b, _ in train.tolist()}
    pairs = [(a, b) for a in range(P) for b in range(P) if a * P + b not in seen]
    return torch.tensor(pairs), torch.tensor([(a + b) % P for a, b in pairs])


def replay(dtype):
    tokens, labels = train_examples()
    pairs, answers = test_examples(tokens)
    weights = [torch.nn.Parameter(flat_heads(k, v).to(dtype)) for k, v in initial_weights().items()]
    optimizer = torch.optim.AdamW(weights, fused=True, **ADAMW)
    train = Lookup(tokens[:, 0], False), Lookup(tokens[:, 1], False)
    test = Lookup(pairs[:, 0], False), Lookup(pairs[:, 1], False)
    for step in range(25_001):
        if step % 500 == 0 or step in (1, 5, 10, 99, 100):
            with torch.no_grad():
                logits = logits_of(weights, *test)
                test_loss = loss_of(logits, answers).item()
                accuracy = (logits.argmax(-1) == answers).float().mean().item()
                train_loss = loss_of(logits_of(weights, *train), labels).item()
            print(step, train_loss, test_loss, accuracy, flush=True)
            if test_loss < 1e-3:
                return
        loss_of(logits_of(weights, *train), labels).backward()
        optimizer.step()
        optimizer.zero_grad()


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    replay(getattr(torch, sys.argv[1]) if len(sys.argv) > 1 else torch.float32)
