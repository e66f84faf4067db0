"""Golden counts of correct and of provably correct sequences for small max-of-n models, by PyTorch.

    python lib/goldens/max_proofs.py > lib/src/analysis/proofs/proofs.golden.json

The model is TransformerLens's one-layer attention-only transformer without "=" (the last number
asks). `brute` runs it on every sequence; `cubic` is the cubic proof of Gross et al. 2024 in NumPy.
Weights are float32 bytes in base64.
"""

import base64
import itertools
import json
import math

import numpy as np
import torch


def train(V, D, K, steps, seed):
    torch.manual_seed(seed)
    std = 0.8 / math.sqrt(D)
    shapes = dict(W_E=(V, D), W_pos=(K, D), W_Q=(D, D), W_K=(D, D), W_V=(D, D), W_O=(D, D), W_U=(D, V))
    P = {k: torch.nn.Parameter(torch.empty(*s).normal_(0, std)) for k, s in shapes.items()}
    optimizer = torch.optim.AdamW(P.values(), lr=1e-2)
    for _ in range(steps):
        t = torch.randint(0, V, (64, K))
        loss = torch.nn.functional.cross_entropy(forward(P, t), t.max(1).values)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {k: v.detach() for k, v in P.items()}


def forward(P, t):
    K, D = P["W_pos"].shape
    x = P["W_E"][t] + P["W_pos"]
    q, k, v = x @ P["W_Q"], x @ P["W_K"], x @ P["W_V"]
    mask = torch.triu(torch.ones(K, K, dtype=torch.bool), 1)
    a = (q @ k.transpose(-1, -2) / math.sqrt(D)).masked_fill(mask, -math.inf).softmax(-1)
    return ((x + a @ v @ P["W_O"]) @ P["W_U"])[:, -1]


def brute(P):
    V, K = P["W_E"].shape[0], P["W_pos"].shape[0]
    t = torch.tensor(list(itertools.product(range(V), repeat=K)))
    logits = forward({k: v.double() for k, v in P.items()}, t)
    return int((logits.argmax(1) == t.max(1).values).sum())


def soft(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def cubic(P):
    P = {k: v.double() for k, v in P.items()}
    E, Pos, U = P["W_E"], P["W_pos"], P["W_U"]
    V, K = E.shape[0], Pos.shape[0]
    sc = math.sqrt(P["W_K"].shape[1])
    OV, q = P["W_V"] @ P["W_O"], (E + Pos[-1]) @ P["W_Q"]
    tables = (E + Pos[-1]) @ U, E @ OV @ U, Pos @ OV @ U, q @ (E @ P["W_K"]).T, q @ (Pos @ P["W_K"]).T
    EU, EV, PV, QK, QP = [x.numpy() for x in tables]
    srt, last = np.sort(QP[:, :-1], 1), QP[:, -1]
    proved = 0
    for m in range(V):
        pv = (PV - PV[:, [m]]).max(0)
        eu, ev = EU - EU[:, [m]], EV - EV[:, [m]]
        worst_eu, worst_ev = eu.copy(), ev + pv
        worst_eu[:, m] = worst_ev[:, m] = -np.inf
        worst_eu, worst_ev = worst_eu.max(1), worst_ev.max(1)
        x = eu[m] + ev[m] + pv
        x[m] = -np.inf
        proved += x.max() < 0
        for q in range(m + 1):
            if q < m:
                a = soft(np.append(srt[q] + QK[q, m], QK[q, q] + last[q]) / sc)
                x = eu[q] + pv + ev[m] * a[:-1].sum() + ev[q] * a[-1]
                x[m] = -np.inf
                proved += x.max() < 0
            for c in range(1, K if q == m else K - 1):
                proved += math.comb(K - 1, c) * passing(m, q, c, srt, last, QK, sc, worst_ev, worst_eu) ** c
    return int(proved)


def passing(m, q, c, srt, last, QK, sc, worst_ev, worst_eu):
    if m == 0:
        return 0
    K = srt.shape[1] + 1
    ks, nm, best = np.arange(m), K - 1 - c, np.full(m, -np.inf)
    for order in (srt[q], srt[q][::-1]):
        t = np.empty((m, K))
        t[:, :-1], t[:, -1] = order, QK[q, q] + last[q]
        t[:, :nm] += QK[q, m]
        t[:, nm:-1] += QK[q, ks][:, None]
        a = soft(t / sc)
        right = a[:, :nm].sum(1) + (a[:, -1] if q == m else 0)
        own = 0 if q == m else a[:, -1]
        best = np.maximum(best, right * worst_ev[m] + own * worst_ev[q] + a[:, nm:-1].sum(1) * worst_ev[ks])
    return int((worst_eu[q] + best < 0).sum())


def case(V, D, K, steps, seed):
    P = train(V, D, K, steps, seed)
    return {
        "vocab": V,
        "n": K,
        "steps": steps,
        "brute": brute(P),
        "cubic": cubic(P),
        "weights": {
            k: {"shape": list(v.shape), "data": base64.b64encode(v.numpy().astype("<f4").tobytes()).decode()}
            for k, v in P.items()
        },
    }


torch.set_num_threads(1)
cases = [(8, 6, 2, 400, 1), (10, 8, 3, 600, 2), (10, 8, 4, 0, 3), (10, 8, 4, 800, 4), (16, 8, 4, 1500, 5)]
print(json.dumps({"torch": torch.__version__, "cases": [case(*one) for one in cases]}, indent=1))
