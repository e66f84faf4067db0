"""Golden numbers of the skip-trigram study, after its notebook: the stream of its generator and its first epochs.

Run: python lib/goldens/trigram.py > lib/src/studies/skip-trigram/trigram.golden.json
"""

import json
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

ANSWERS = {p: i for i, p in enumerate((a, b) for a in range(1, 5) for b in range(a, 5))}


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


def head(dataset, n=8):
    return [[*x.tolist(), y.item()] for x, y in dataset.data[:n]]


def main():
    torch.set_num_threads(1)
    out = {}
    torch.manual_seed(42)
    for _ in range(60 * 3):
        torch.empty((), dtype=torch.int64).random_()
    torch.nn.Embedding(11, 11)
    W = {k: torch.nn.Parameter(torch.empty(*s)) for k, s in
         dict(Q=(3, 11, 1), K=(3, 11, 1), V=(3, 11, 1), O=(3, 1, 11)).items()}
    for k in "QKVO":
        torch.nn.init.normal_(W[k], std=0.02)
    out["weights"] = {k: W[k].flatten().tolist() for k in "QKVO"}
    b = {k: torch.nn.Parameter(torch.zeros(*s)) for k, s in dict(Q=(3, 1), K=(3, 1), V=(3, 1), O=(11,)).items()}
    train, test = Trigrams(2000), Trigrams(100)
    out["train"], out["test"] = head(train), head(test)

    def logits(tokens):
        x = F.one_hot(tokens, 11).float()
        q, k, v = [torch.einsum("hde,bpd->bphe", W[c], x) + b[c] for c in "QKV"]
        s = torch.einsum("bqhe,bkhe->bhqk", q, k)
        s = s.masked_fill(torch.triu(torch.ones(4, 4, dtype=torch.bool), 1), -1e5)
        z = torch.einsum("bkhe,bhqk->bqhe", v, s.softmax(-1))
        return (x + torch.einsum("hed,bqhe->bqd", W["O"], z) + b["O"])[:, -1]

    optimizer = torch.optim.Adam([*W.values(), *b.values()], lr=1e-2)
    criterion = torch.nn.CrossEntropyLoss()
    train_loader, test_loader = DataLoader(train, batch_size=500, shuffle=True), DataLoader(test, batch_size=500)
    out["epochs"] = []
    for _ in range(3):
        row = {"batches": []}
        for X, y in list(train_loader):
            out_logits, y = logits(X), y.squeeze()
            loss = criterion(out_logits, y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            row["batches"].append([*X[0].tolist(), loss.item(), (out_logits.argmax(-1) == y).sum().item()])
        with torch.no_grad():
            for X, y in list(test_loader):
                out_logits, y = logits(X), y.squeeze()
                row["test"] = [criterion(out_logits, y).item(), (out_logits.argmax(-1) == y).sum().item()]
        out["epochs"].append(row)
    print(json.dumps(out))


main()
