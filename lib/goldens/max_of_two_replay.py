"""Train Gross's max-of-two model from its seeds in PyTorch and print what the study compares with.

    python lib/goldens/max_of_two_replay.py [EPOCHS]

Needs torch and numpy; 3,000 epochs take about a minute on one core. Epoch n logs the training loss
before update n + 1 and the test loss after it, as the notebook does.
"""

import hashlib
import json
import math
import sys

import numpy as np
import torch

VOCAB, WIDTH = 64, 32


def reseed(seed, label):
    text = json.dumps([seed, label], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.md5(text.encode()).digest()
    return int.from_bytes((b"\0" + digest[:-1])[:4], "little")


def data(seed):
    rng = np.random.default_rng(seed)

    def shuffled(rows):
        order = np.arange(len(rows))
        rng.shuffle(order)
        return rows[order]

    pairs = shuffled(np.array([(a, b) for a in range(VOCAB) for b in range(VOCAB)]))
    forced = np.isin(np.abs(pairs[:, 0] - pairs[:, 1]), (0, 1, 2, 17))
    pairs = np.concatenate([pairs[forced], pairs[~forced]])
    count = int(len(pairs) * 0.099609375)
    parts = shuffled(pairs[:count]), shuffled(pairs[count:])
    equals = lambda rows: np.concatenate([rows, np.full((len(rows), 1), VOCAB)], 1)
    return [torch.tensor(equals(part)) for part in parts]


def weights(seed):
    torch.manual_seed(seed)
    shapes = dict(
        W_E=(VOCAB + 1, WIDTH),
        W_pos=(3, WIDTH),
        W_Q=(1, WIDTH, WIDTH),
        W_K=(1, WIDTH, WIDTH),
        W_V=(1, WIDTH, WIDTH),
        W_O=(1, WIDTH, WIDTH),
        W_U=(WIDTH, VOCAB),
    )
    std = 0.8 / math.sqrt(WIDTH)
    return {n: torch.nn.Parameter(torch.empty(*s).normal_(0, std)) for n, s in shapes.items()}


def logits(w, tokens):
    x = w["W_E"][tokens] + w["W_pos"]
    q, k, v = x @ w["W_Q"][0], x @ w["W_K"][0], x @ w["W_V"][0]
    mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
    scores = (q @ k.transpose(-1, -2) / math.sqrt(WIDTH)).masked_fill(mask, -math.inf)
    return ((x + scores.softmax(-1) @ v @ w["W_O"][0]) @ w["W_U"])[:, -1]


def measured(w, tokens):
    """Cross-entropy by log1p, as the notebook has it, and accuracy."""
    out, right = logits(w, tokens), tokens[:, :2].max(1).values
    best = out.argmax(-1, keepdim=True)
    centred = out - out.gather(-1, best)
    others = centred.exp().scatter(-1, best, 0.0).sum(-1, keepdim=True)
    loss = -(centred - others.log1p()).gather(-1, right[:, None]).mean()
    return loss, (out.argmax(1) == right).float().mean().item()


def main(epochs):
    torch.set_num_threads(1)
    model_seed, data_seed = reseed(123, "model"), reseed(123, "dataset_seed")
    seeds = [reseed(data_seed, "train"), reseed(data_seed, "test")]
    print("seeds", [model_seed, data_seed, *seeds])
    train, test = data(data_seed)
    print("sizes", [len(train), len(test)])
    print("rows", [*train[:3].flatten().tolist(), *test[:3].flatten().tolist()])
    w = weights(model_seed)
    optimizer = torch.optim.AdamW(w.values(), lr=1e-3, betas=(0.9, 0.98), weight_decay=1.0)
    log = []
    for epoch in range(epochs):
        loss, accuracy = measured(w, train)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch in (0, 99, 249) or epoch % 10 == 9:
            with torch.no_grad():
                test_loss, test_accuracy = measured(w, test)
            log.append((epoch, loss.item(), accuracy, test_loss.item(), test_accuracy))
        if epoch in (0, 99, 249):
            print("epoch", epoch, "train %.6g test %.6g" % (log[-1][1], log[-1][3]))
    worst = max(log, key=lambda row: row[3])
    print("largest test loss at epoch", worst[0], "%.4f" % worst[3])
    print("every training pair right from epoch", next(r[0] for r in log if r[2] == 1))
    print("every test pair right from epoch", next(r[0] for r in log if r[4] == 1))
    with torch.no_grad():
        every = torch.cat([train, test])
        right = (logits(w, every).argmax(1) == every[:, :2].max(1).values).sum().item()
        query = (w["W_E"][-1] + w["W_pos"][-1]) @ w["W_Q"][0]
        place = w["W_pos"][:-1].mean(0)
        scores = query @ w["W_K"][0].T @ (w["W_E"][:-1] + place).T
        copied = (w["W_E"][:-1] + place) @ w["W_V"][0] @ w["W_O"][0] @ w["W_U"]
        own = (copied.argmax(1) == torch.arange(VOCAB)).sum().item()
    print("of 4096 right", right)
    print("scores that do not rise", (scores[1:] <= scores[:-1]).sum().item())
    print("numbers that raise their own logit most", own)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
