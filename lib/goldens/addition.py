"""Golden numbers of the addition study: the notebook's model, generator, loss and sub-task
losses on a small width, for its first updates.

Run: python lib/goldens/addition.py > lib/src/studies/addition/addition.golden.json
"""

import json
import math

import torch
import torch.nn.functional as F

D, H, M, V, N, SEED, BATCH, STEPS = 16, 2, 32, 12, 5, 129000, 64, 6
CTX = 3 * N + 3


def normal(over, *shape):
    return torch.nn.Parameter(torch.randn(*shape) / math.sqrt(over))


def with_sums(x, y):
    """Tokens, and where a digit uses a carry, sums to 9, and both: of numbers "sum digit"."""
    use, make = torch.zeros_like(x), torch.zeros_like(x)
    answer = torch.zeros(len(x), N + 1, dtype=torch.long)
    for c in range(N - 1, -1, -1):
        if c < N - 1:
            use[:, c] = make[:, c + 1]
        total = x[:, c] + y[:, c] + use[:, c]
        make[:, c] = (total >= 10).long()
        answer[:, c + 1] = total % 10
    answer[:, 0] = make[:, 0]
    plus, equals = torch.full((len(x), 1), 10), torch.full((len(x), 1), 11)
    sum9 = (x + y == 9).long()
    return torch.cat([x, plus, y, equals, answer], 1), use, sum9, sum9 & use


def generator():
    torch.manual_seed(SEED)
    while True:
        yield with_sums(torch.randint(0, 10, (BATCH, N)), torch.randint(0, 10, (BATCH, N)))


def sub_tasks(log_probs, use, sum9, use9):
    """The notebook's calculate_baseadd_loss, calculate_usecarry1_loss, calculate_usesum9_loss."""
    out = {}

    def mean(name, values):
        if values.numel() > 0:
            out[name] = -values.mean().item()

    none = use.sum(1) == 0
    mean("BaseAdd.all", log_probs[none][:, -N:])
    mean("UseCarry1.any", log_probs[(use.sum(1) != 0) & (use9.sum(1) == 0)])
    mean("UseSum9.one", log_probs[use9.sum(1) == 1])
    mean("UseSum9.two", log_probs[use9.sum(1) == 2])
    cases = {"BaseAdd": use == 0, "UseCarry1": (use == 1) & (sum9 == 0), "UseSum9": (use == 1) & (sum9 == 1)}
    for name, rows in cases.items():
        out[f"cases.{name}"] = rows.sum().item()
        for digit in range(N):
            mean(f"{name}.A{digit}", log_probs[:, -1 - digit][rows[:, -1 - digit]])
    return out


def parameters(d, heads, mlp):
    """In the notebook's order and shapes."""
    return dict(E=normal(d, d, V), pos=normal(d, CTX, d), K=normal(d, heads, d // heads, d),
                Q=normal(d, heads, d // heads, d), V=normal(d, heads, d // heads, d), O=normal(d, d, d),
                win=normal(d, mlp, d), bin=torch.nn.Parameter(torch.zeros(mlp)), wout=normal(d, d, mlp),
                bout=torch.nn.Parameter(torch.zeros(d)), U=normal(V, d, V))


def forward(P, tokens):
    heads, d_head, d = P["K"].shape
    mask = torch.tril(torch.ones(CTX, CTX, dtype=P["E"].dtype))
    x = P["E"].T[tokens] + P["pos"]
    k, q, v = [torch.einsum("ihd,bpd->biph", P[c], x) for c in "KQV"]
    scores = torch.tril(torch.einsum("biph,biqh->biqp", k, q)) - 1e10 * (1 - mask)
    z = torch.einsum("biph,biqp->biqh", v, (scores / math.sqrt(d_head)).softmax(-1))
    x = x + z.transpose(1, 2).reshape(len(tokens), CTX, d) @ P["O"].T
    x = x + F.relu(x @ P["win"].T + P["bin"]) @ P["wout"].T + P["bout"]
    return x @ P["U"]


def log_probabilities(logits, tokens):
    """Of the digits of the sum, float64 "batch digit"."""
    log_probs = F.log_softmax(logits[:, -N - 2:-1].double(), -1)
    return torch.gather(log_probs, -1, tokens[:, -N - 1:, None])[..., 0]


def main():
    torch.manual_seed(SEED)
    P = parameters(D, H, M)
    optimizer = torch.optim.AdamW(P.values(), lr=1e-2, weight_decay=0.1, betas=(0.9, 0.98))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(step / 10, 1))
    data, steps = generator(), []
    for _ in range(STEPS):
        tokens, use, sum9, use9 = next(data)
        logits = forward(P, tokens)
        log_probs = log_probabilities(logits, tokens)
        per_token = -log_probs.mean(0)
        loss = per_token.mean()
        with torch.no_grad():
            columns = sub_tasks(log_probs, use, sum9, use9)
            columns.update({f"A{N - i}": x.item() for i, x in enumerate(per_token)})
            right = logits[:, -N - 2:-1].argmax(-1) == tokens[:, -N - 1:]
            columns["answers"] = right.all(1).double().mean().item()
        steps.append({"loss": loss.item(), "accuracy": right.double().mean().item(), "columns": columns})
        loss.backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    print(json.dumps({"steps": steps, "first": tokens[0].tolist()}))


if __name__ == "__main__":
    main()
