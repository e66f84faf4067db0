"""Golden numbers for lib/src/analysis, made with NumPy: python lib/goldens/analysis.py

Small cases from the definitions (explicit bases, einsum, projections over all inputs), without the
shortcuts that the TypeScript code takes. Writes lib/src/analysis/analysis.golden.json.
"""
import json
import os

import numpy as np

rng = np.random.default_rng(7)


def draw(*shape):
    return np.round(rng.normal(size=shape), 3)


def basis(p):
    """Const, cos 1, sin 1, ...: rows of norm 1."""
    x = np.arange(p)
    out = [np.ones(p)]
    for k in range(1, p // 2 + 1):
        out.append(np.cos(2 * np.pi * k * x / p))
        if 2 * k != p:
            out.append(np.sin(2 * np.pi * k * x / p))
    out = np.array(out)
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def cross_entropy(logits, labels):
    shifted = logits - logits.max(1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return float(-log_probs[np.arange(len(labels)), labels].mean())


def gini(values):
    """Mean absolute difference of all pairs over twice the mean."""
    values = np.asarray(values)
    return float(np.abs(values[:, None] - values[None]).mean() / (2 * values.mean()))


def block(p, k):
    return [0, 2 * k - 1] + ([2 * k] if 2 * k != p else [])


def case(p, neurons, d_model, d_head, heads, keys):
    F = basis(p)
    W_E, W_in = draw(p, d_model), draw(d_model, neurons)
    W_V, W_O = draw(heads, d_model, d_head), draw(heads, d_head, d_model)
    W_out, W_U = draw(neurons, d_model), draw(d_model, p)
    acts, logits = draw(p * p, neurons), draw(p * p, p)
    a, b = np.divmod(np.arange(p * p), p)
    labels = (a + b) % p
    train = rng.permutation(p * p)[: p * p // 3]
    test = np.setdiff1d(np.arange(p * p), train)

    maps = acts.T.reshape(neurons, p, p)
    maps2d = np.einsum("fx,nxy,gy->nfg", F, maps, F)
    centred = maps2d.copy()
    centred[:, 0, 0] = 0
    fractions = []
    for k in range(1, p // 2 + 1):
        ix = block(p, k)
        fractions.append((centred[:, ix][:, :, ix] ** 2).sum((1, 2)) / (centred**2).sum((1, 2)))

    def project(k):
        out = np.zeros_like(logits)
        angle = 2 * np.pi * k * (a + b) / p
        for v in [np.cos(angle)] + ([np.sin(angle)] if 2 * k != p else []):
            v = v / np.linalg.norm(v)
            out += np.outer(v, v @ logits)
        return out

    trig = sum(project(k) for k in keys)
    restricted = trig + (logits - trig).mean(0)
    split = lambda l: dict(
        all=cross_entropy(l, labels), train=cross_entropy(l[train], labels[train]), test=cross_entropy(l[test], labels[test])
    )
    cosines = []
    for k in range(1, p // 2 + 1):
        v = np.cos(2 * np.pi * k * ((a + b)[:, None] - np.arange(p)[None]) / p)
        cosines.append(float((v / np.linalg.norm(v) * logits).sum()))
    energy = ((logits - logits.mean(1, keepdims=True)) ** 2).sum()
    W_L = (W_out @ W_U).T
    inputs = dict(W_E=W_E, W_in=W_in, W_V=W_V, W_O=W_O, W_out=W_out, W_U=W_U, activations=acts, logits=logits, train=train)
    return dict(
        p=p,
        keys=keys,
        inputs={name: dict(shape=list(x.shape), data=x.ravel().tolist()) for name, x in inputs.items()},
        norms=np.linalg.norm(F @ W_E, axis=1).tolist(),
        singularValues=np.linalg.svd(W_E, compute_uv=False).tolist(),
        map0=maps2d[0].ravel().tolist(),
        fractions=np.array(fractions).ravel().tolist(),
        variances=acts.var(0).tolist(),
        W_neur=np.einsum("pm,hmd,hdn,nk->hpk", W_E, W_V, W_O, W_in).ravel().tolist(),
        W_logit=(W_out @ W_U).ravel().tolist(),
        full=split(logits),
        restricted=split(restricted),
        excludedEach=[cross_entropy((logits - project(k))[train], labels[train]) for k in keys],
        excludedAll=cross_entropy((logits - trig)[train], labels[train]),
        logitCosines=cosines,
        logitShares=[c * c / energy for c in cosines],
        giniEmbedding=gini(np.linalg.norm(F @ W_E, axis=1)),
        giniLogitMap=gini(np.linalg.norm(F @ W_L, axis=1)),
    )


cases = [case(7, 3, 4, 2, 2, [1, 3]), case(6, 2, 5, 3, 1, [2, 3])]
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../src/analysis/analysis.golden.json")
with open(path, "w") as file:
    json.dump({"made with": f"numpy {np.__version__}", "cases": cases}, file, indent=None)
    file.write("\n")
