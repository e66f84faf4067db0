"""Train the skip-trigram notebook's model from its random stream in PyTorch and print what the study compares with.

    python lib/goldens/trigram_replay.py [EPOCHS]

Needs torch; the notebook's 60 epochs take about a minute on one core. Its session had trained 60 epochs
before: each moved the generator by two int64 for the training loader and one for the validation loader.
"""

import sys

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

ANSWERS = {p: i for i, p in enumerate((a, b) for a in range(1, 5) for b in range(a, 5))}
TOKENS, HEADS, BATCH = 11, 3, 10_000


class Trigrams(Dataset):
    def __init__(self, size):
        self.data = [self.one() for _ in range(size)]
        torch.manual_seed(42)

    def one(self):
        x = torch.randint(5, 11, (4,))
        if torch.randint(0, 2, (1,)).item() == 1:
            a, b = torch.randint(1, 5, (1,)).item(), torch.randint(1, 5, (1,)).item()
            x[0], x[2], x[3] = a, b, 0
            return x, torch.tensor([ANSWERS[tuple(sorted((a, b)))]])
        return x, torch.randint(0, 11, (1,))

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        return self.data[i]


def start():
    torch.manual_seed(42)
    for _ in range(60 * 3):
        torch.empty((), dtype=torch.int64).random_()
    torch.nn.Embedding(TOKENS, TOKENS)
    shapes = dict(Q=(HEADS, TOKENS, 1), K=(HEADS, TOKENS, 1), V=(HEADS, TOKENS, 1), O=(HEADS, 1, TOKENS))
    weights = {k: torch.nn.Parameter(torch.empty(*shape)) for k, shape in shapes.items()}
    for k in "QKVO":
        torch.nn.init.normal_(weights[k], std=0.02)
    shapes = dict(bQ=(HEADS, 1), bK=(HEADS, 1), bV=(HEADS, 1), bO=(TOKENS,))
    return weights | {k: torch.nn.Parameter(torch.zeros(*shape)) for k, shape in shapes.items()}


def forward(w, tokens):
    """Logits at the last position, the attention "batch head dest src", and each head's output z."""
    x = F.one_hot(tokens, TOKENS).float()
    q, k, v = [torch.einsum("hde,bpd->bphe", w[c], x) + w[f"b{c}"] for c in "QKV"]
    scores = torch.einsum("bqhe,bkhe->bhqk", q, k)
    later = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
    pattern = scores.masked_fill(later, -1e5).softmax(-1)
    z = torch.einsum("bkhe,bhqk->bqhe", v, pattern)
    return (x + torch.einsum("hed,bqhe->bqd", w["O"], z) + w["bO"])[:, -1], pattern, z


def main():
    torch.set_num_threads(1)
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    w = start()
    train, test = Trigrams(100_000), Trigrams(1000)
    labels = torch.cat([y for _, y in test.data])
    signal = sum(x[3].item() == 0 for x, _ in test.data)
    print("validation set: labels", torch.bincount(labels, minlength=11).tolist(), "signal", signal)
    optimizer = torch.optim.Adam(w.values(), lr=1e-3)
    criterion = torch.nn.CrossEntropyLoss()
    loaders = DataLoader(train, batch_size=BATCH, shuffle=True), DataLoader(test, batch_size=BATCH)
    for epoch in range(epochs):
        losses, hits = [], 0
        for X, y in list(loaders[0]):
            logits, y = forward(w, X)[0], y.squeeze()
            loss = criterion(logits, y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            hits += (logits.argmax(-1) == y).sum().item()
        with torch.no_grad():
            for X, y in list(loaders[1]):
                logits = forward(w, X)[0]
                tested = criterion(logits, y.squeeze()).item(), (logits.argmax(-1) == y.squeeze()).sum().item()
        if epoch in (0, epochs - 1):
            print(f"epoch {epoch + 1}: train {sum(losses) / len(losses):.6f} {hits}, test {tested[0]:.6f} {tested[1]}")
    with torch.no_grad():
        logits, pattern, z = forward(w, torch.tensor([[2, 5, 3, 0]]))
    rounded = lambda rows: [[round(x, 4) for x in row] for row in rows]
    print("2 5 3 0: logits", rounded(logits.tolist()))
    print("attention of the last token", rounded(pattern[0, :, -1].tolist()))
    print("head 1 to the residual stream", rounded((z[0, :, 1] @ w["O"][1] + w["bO"]).tolist()))


main()
