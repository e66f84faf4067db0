"""Measure published networks of Chughtai et al. 2023 in NumPy and print what the study compares with.

    python lib/goldens/group_checkpoints.py ../shared/data

Reads `s4-seed003/model.pt`, the checkpoint of the notebook on S4, and `group-models/C113_*/model.pt`,
from rep-theory-mech-interp. Needs numpy and sympy (for the order of the elements). Everything after the
weights is float64. Written from the paper's definitions; for rotations the basis is that of the two
functions cos and sin, where the published code takes a QR of four columns of rank two.
"""

import io
import json
import pickle
import sys
import zipfile
from pathlib import Path

import numpy as np
from sympy.combinatorics.named_groups import SymmetricGroup

DTYPES = {"FloatStorage": np.float32, "DoubleStorage": np.float64, "BoolStorage": np.bool_, "LongStorage": np.int64}


class Named(dict):
    """A state dict, which carries an attribute."""


class Weights(pickle.Unpickler):
    """Tensors of a PyTorch file; no other object is made."""

    def __init__(self, archive):
        root = archive.namelist()[0].split("/")[0]
        super().__init__(io.BytesIO(archive.read(f"{root}/data.pkl")))
        self.archive, self.root = archive, root

    def persistent_load(self, what):
        _, storage, key, _, _ = what
        return np.frombuffer(self.archive.read(f"{self.root}/data/{key}"), DTYPES[storage])

    def find_class(self, module, name):
        if name in DTYPES:
            return name
        if name == "OrderedDict":
            return Named
        if name == "_rebuild_tensor_v2":
            return lambda data, offset, shape, strides, *_: np.lib.stride_tricks.as_strided(
                data[offset:], shape, [s * data.itemsize for s in strides]
            ).copy()
        if name == "_rebuild_parameter":
            return lambda data, *_: data
        raise ValueError(f"{module}.{name}")


def load(path):
    return {k: np.array(v) for k, v in Weights(zipfile.ZipFile(path)).load().items()}


def randperm(seed, n):
    """torch.randperm of a CPU generator with this seed."""
    state = np.random.MT19937()
    state._legacy_seeding(seed)
    order = np.arange(n)
    for i in range(n - 1):
        j = i + int(state.random_raw()) % (n - i)
        order[[i, j]] = order[[j, i]]
    return order


def losses(logits, labels):
    shifted = logits - logits.max(1, keepdims=True)
    own = shifted[np.arange(len(labels)), labels]
    others = np.exp(shifted)
    others[np.arange(len(labels)), shifted.argmax(1)] = 0
    return np.log1p(others.sum(1)) - own


def span(functions):
    u, s, _ = np.linalg.svd(functions, full_matrices=False)
    return u[:, s > 1e-9 * s[0]]


def share(basis, x):
    return ((basis.T @ x) ** 2).sum() / (x**2).sum()


def compare(logits, hypothesis):
    """Cosine, cosine after softmax and fraction of the squares, every row centered."""
    x = logits - logits.mean(1, keepdims=True)
    h = hypothesis - hypothesis.mean(1, keepdims=True)
    cosine = lambda p, q: (p * q).sum(1) / np.linalg.norm(p, axis=1) / np.linalg.norm(q, axis=1)
    softmax = lambda z: np.exp(z - z.max(1, keepdims=True)) / np.exp(z - z.max(1, keepdims=True)).sum(1, keepdims=True)
    along = h * ((x * h).sum(1) / (h * h).sum(1))[:, None]
    fraction = ((along**2).sum(0) / (x**2).sum(0)).mean()
    return [cosine(x, h).mean(), cosine(softmax(x), softmax(h)).mean(), fraction]


def similarity(logits, hypothesis):
    x = logits - logits.mean(1, keepdims=True)
    return (x * hypothesis).sum() / np.linalg.norm(x) / np.linalg.norm(hypothesis)


def fits_cosets(table, activations):
    """Cyclic subgroups H of 4 elements such that the a that fire are a union of aH, the b one of Hb."""
    fires = [m > m.max() / 2 for m in (activations.mean(1), activations.mean(0))]
    found = []
    for g in range(len(table)):
        powers = [g]
        while table[powers[-1], g] != g:
            powers.append(table[powers[-1], g])
        if len(powers) == 4 and all(
            (fires[0][table[:, h]] == fires[0]).all() and (fires[1][table[h]] == fires[1]).all() for h in powers
        ):
            found.append(tuple(sorted(int(p) for p in powers)))
    return set(found)


def s4(folder):
    elements = [p.array_form for p in SymmetricGroup(4).generate()]
    index = {tuple(p): i for i, p in enumerate(elements)}
    n = len(elements)
    table = np.array([[index[tuple(b[a[i]] for i in range(4))] for b in elements] for a in elements])
    inverse = np.array([int(np.nonzero(row == index[(0, 1, 2, 3)])[0][0]) for row in table])
    permutations = np.array([np.eye(4)[p] for p in elements])
    sign = np.round(np.linalg.det(permutations))
    partitions = [frozenset(map(frozenset, p)) for p in (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))]
    moved = lambda p, parts: frozenset(frozenset(p[i] for i in part) for part in parts)
    threes = np.array([np.eye(3)[[partitions.index(moved(p, q)) for q in partitions]] for p in elements])
    without_ones = lambda m: np.linalg.svd(np.ones((1, m)))[2][1:].T
    restrict = lambda rep, basis: np.einsum("ia,gij,jb->gab", basis, rep, basis)
    standard = restrict(permutations, without_ones(4))
    irreps = {
        "sign": sign[:, None, None],
        "standard": standard,
        "standard_sign": standard * sign[:, None, None],
        "s4_2d": restrict(threes, without_ones(3)),
    }
    w = load(folder / "s4-seed003/model.pt")
    E_a, E_b, W, U = (w[k].astype(float) for k in ("W_E_a", "W_E_b", "W", "W_U"))
    half = E_a.shape[1]
    fold = [E_a @ W[:half], E_b @ W[half:]]
    hidden = np.maximum(0, fold[0][:, None] + fold[1][None]).reshape(n * n, -1)
    logits = hidden @ U
    labels = table.reshape(-1)
    each = losses(logits, labels)
    train = np.zeros(n * n, bool)
    train[randperm(1, n * n)[: int(0.5 * n * n)]] = True
    trace = lambda rep: np.trace(rep, axis1=1, axis2=2)[table[:, inverse]][labels]
    bases = {name: span(rep.reshape(n, -1)) for name, rep in irreps.items()}
    vectors = np.linalg.svd(E_a)[0][:, :9]
    shares = np.array([[share(basis, vectors[:, [i]]) for basis in bases.values()] for i in range(9)])
    similarities = {name: similarity(logits, trace(rep)) for name, rep in irreps.items()}
    weighted = sum(similarities[k] * trace(r) / np.linalg.norm(np.trace(r, axis1=1, axis2=2)) for k, r in irreps.items())
    odd = (sign < 0).astype(int)
    cells = (2 * odd[:, None] + odd[None]).reshape(-1)
    return {
        "trainLoss": each[train].mean(),
        "testLoss": each[~train].mean(),
        "accuracy": (logits.argmax(1) == labels).mean(),
        "natural": compare(logits, trace(permutations)),
        "weighted": compare(logits, weighted),
        "similarities": similarities,
        "embeddingShares": {k: share(b, fold[0]) for k, b in bases.items()},
        "unembeddingShares": {k: share(b, U.T) for k, b in bases.items()},
        "nineVectors": {k: int(c) for k, c in zip(bases, np.bincount(shares.argmax(1), minlength=4))},
        "leastShareOfNine": shares.max(1).min(),
        "cosets": {
            j: sorted(fits_cosets(table, hidden[:, j].reshape(n, n)))
            for j in (3, 7, 8, 13, 15, 16, 19, 24, 33, 34, 36, 39)
        },
        "parities": {j: [hidden[cells == c, j].mean() for c in range(4)] for j in (8, 24)},
    }


def transformer(w, x, y, n):
    at = lambda name: w[f"blocks.0.{name}"].astype(float)
    tokens = np.stack([x, y, np.full_like(x, n)], 1)
    stream = w["embed.W_E"].astype(float)[tokens] + w["pos_embed.W_pos"].astype(float)[:3]
    project = lambda s, k: np.einsum("bpd,hde->bhpe", s, at(f"attn.W_{k}")) + at(f"attn.b_{k}")[:, None]
    q, k, v = project(stream[:, -1:], "Q"), project(stream, "K"), project(stream, "V")
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    pattern = np.exp(scores - scores.max(-1, keepdims=True))
    z = (pattern / pattern.sum(-1, keepdims=True)) @ v
    out = np.einsum("bhpe,hed->bpd", z, at("attn.W_O")) + at("attn.b_O")
    return np.maximum(0, (stream[:, -1] + out[:, 0]) @ at("mlp.W_in") + at("mlp.b_in"))


def cyclic(folder):
    cfg = json.loads((folder / "cfg.json").read_text())
    keys = [int(k.split("_")[1]) for k in (folder / "key_reps.txt").read_text().split()]
    w, n = load(folder / "model.pt"), cfg["group_parameter"]
    x, y = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    labels = (x + y) % n
    if cfg["model"] == "OneLayerMLP":
        half = w["W_x"].shape[1]
        W = w["W"].astype(float)
        hidden = np.maximum(0, (w["W_x"] @ W[:half])[x] + (w["W_y"] @ W[half:])[y])
        U = w["W_U"].astype(float)
    else:
        hidden = transformer(w, x, y, n)
        U = w["blocks.0.mlp.W_out"].astype(float) @ w["unembed.W_U"].astype(float)
    angles = 2 * np.pi * np.outer(np.arange(n), keys) / n
    basis = np.concatenate([np.cos(angles), np.sin(angles)], 1) * np.sqrt(2 / n)
    centered = hidden - hidden.mean(0)
    folded = lambda h, by: np.stack([h[by == g].sum(0) for g in range(n)])
    explained = sum(((basis.T @ folded(centered, by)) ** 2).sum() / n for by in (x, y, labels))
    part = (basis @ (basis.T @ folded(hidden, labels)) / n)[labels]
    train = randperm(cfg["seed"], n * n)[: int(cfg["frac_train"] * n * n)]
    return {
        "percent_hidden_explained": explained / (centered**2).sum(),
        "total_hidden_restricted_loss": losses(part @ U, labels).mean(),
        "total_hidden_excluded_loss": losses((hidden - part)[train] @ U, labels[train]).mean(),
    }


if __name__ == "__main__":
    data = Path(sys.argv[1])
    found = {"s4": s4(data)}
    for name in ("C113_MLP_seed1", "C113_T_seed1"):
        found[name] = cyclic(data / "group-models" / name)
    print(json.dumps(found, indent=2, default=float))
