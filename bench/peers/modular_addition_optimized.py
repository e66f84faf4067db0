"""The step of `modular-addition` with tinylens's exact shortcuts, in PyTorch, by hand.

Keys, values and scores once per distinct (token, position); of the last position only its query,
MLP and logits; zero frozen biases left out; AdamW in one call. Variants: rows looked up by index or
by a one-hot product, gradients by autograd or written out, torch.compile where a compiler works.
The fastest counts; the bench asks for it with autograd and with gradients written out.
"""

import math

import torch
from modular_addition import (
    ADAMW, D_HEAD, D_MODEL, HEADS, P, initial_weights, loss_of, main, train_examples,
)

SCALE = 1 / math.sqrt(D_HEAD)


def flat_heads(name, value):
    """Heads joined into the matrix [d_model, head * d_head] (or its transpose for W_O)."""
    if name.endswith(("W_Q", "W_K", "W_V")):
        return value.permute(1, 0, 2).reshape(D_MODEL, D_MODEL).contiguous()
    return value.reshape(D_MODEL, D_MODEL).contiguous() if name.endswith("W_O") else value


class Lookup:
    """Rows of a table [113, k] for the examples' tokens at position 0 or 1, and the transpose of it."""

    def __init__(self, tokens, one_hot):
        self.tokens = tokens
        self.matrix = torch.nn.functional.one_hot(tokens, P).float() if one_hot else None

    def __call__(self, table):
        return table[self.tokens] if self.matrix is None else self.matrix @ table

    def transpose(self, rows):
        if self.matrix is not None:
            return self.matrix.T @ rows
        return torch.zeros(P, rows.shape[1]).index_add_(0, self.tokens, rows)


def logits_of(w, first, second):
    W_E, W_pos, W_Q, W_K, W_V, W_O, W_in, W_out, W_U = w
    x0, x1, last = W_E[:P] + W_pos[0], W_E[:P] + W_pos[1], W_E[P] + W_pos[2]
    rows = torch.cat([x0, x1, last[None]])
    q = (last @ W_Q).view(HEADS, D_HEAD) * SCALE
    scores = torch.einsum("nhk,hk->nh", (rows @ W_K).view(-1, HEADS, D_HEAD), q)
    values = rows @ W_V
    s0, s1 = first(scores[:P]), second(scores[P : 2 * P])
    pattern = torch.stack([s0, s1, scores[2 * P].expand_as(s0)]).softmax(dim=0)[..., None]
    v0 = first(values[:P]).view(-1, HEADS, D_HEAD)
    v1 = second(values[P : 2 * P]).view(-1, HEADS, D_HEAD)
    z = pattern[0] * v0 + pattern[1] * v1 + pattern[2] * values[2 * P].view(HEADS, D_HEAD)
    x = z.view(-1, D_MODEL) @ W_O + last
    x = torch.addmm(x, torch.relu(x @ W_in), W_out)
    return x @ W_U


def autograd_step(one_hot, compiled):
    tokens, labels = train_examples()
    first, second = Lookup(tokens[:, 0], one_hot), Lookup(tokens[:, 1], one_hot)
    weights = [torch.nn.Parameter(flat_heads(k, v)) for k, v in initial_weights().items()]
    optimizer = torch.optim.AdamW(weights, fused=True, **ADAMW)

    def forward():
        return loss_of(logits_of(weights, first, second), labels)

    if compiled:
        torch._dynamo.reset()
        forward = torch.compile(forward)

    def step():
        loss = forward()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()

    return step


def gradients(w, first, second, one_hot_labels):
    """Loss and gradients of the nine weights, written out."""
    W_E, W_pos, W_Q, W_K, W_V, W_O, W_in, W_out, W_U = w
    rows = torch.cat([W_E[:P] + W_pos[0], W_E[:P] + W_pos[1], (W_E[P] + W_pos[2])[None]])
    last = rows[2 * P]
    q = (last @ W_Q).view(HEADS, D_HEAD) * SCALE
    keys = (rows @ W_K).view(-1, HEADS, D_HEAD)
    scores, values = torch.einsum("nhk,hk->nh", keys, q), rows @ W_V
    s0, s1 = first(scores[:P]), second(scores[P : 2 * P])
    pattern = torch.stack([s0, s1, scores[2 * P].expand_as(s0)]).softmax(dim=0)
    v = [first(values[:P]), second(values[P : 2 * P]), values[2 * P].expand(len(s0), D_MODEL)]
    v = [one.view(-1, HEADS, D_HEAD) for one in v]
    z = pattern[0, :, :, None] * v[0]
    z.addcmul_(pattern[1, :, :, None], v[1]).addcmul_(pattern[2, :, :, None], v[2])
    z = z.view(-1, D_MODEL)
    mid = torch.addmm(last, z, W_O)
    post = (mid @ W_in).relu_()
    out = torch.addmm(mid, post, W_out)
    log_probs = (out @ W_U).double().log_softmax(dim=-1)
    count = len(log_probs)
    loss = -(log_probs * one_hot_labels).sum() / count
    d_logits = ((log_probs.exp_() - one_hot_labels) / count).float()

    d_out = d_logits @ W_U.T
    d_pre = (d_out @ W_out.T).mul_(post > 0)
    d_mid = torch.addmm(d_out, d_pre, W_in.T)
    d_z = (d_mid @ W_O.T).view(-1, HEADS, D_HEAD)
    d_pattern = torch.stack([(d_z * one).sum(dim=-1) for one in v])
    d_scores = pattern * (d_pattern - (pattern * d_pattern).sum(dim=0))
    d_v = [(d_z * pattern[i, :, :, None]).view(-1, D_MODEL) for i in range(3)]
    d_values = torch.cat([first.transpose(d_v[0]), second.transpose(d_v[1]), d_v[2].sum(0)[None]])
    d_table = torch.cat(
        [first.transpose(d_scores[0]), second.transpose(d_scores[1]), d_scores[2].sum(0)[None]]
    )
    d_keys = (d_table[..., None] * q).view(-1, D_MODEL)
    d_q = torch.einsum("nh,nhk->hk", d_table, keys).view(D_MODEL) * SCALE
    d_rows = torch.addmm(d_values @ W_V.T, d_keys, W_K.T)
    d_rows[2 * P] += d_mid.sum(dim=0) + W_Q @ d_q
    d_E = torch.cat([d_rows[:P] + d_rows[P : 2 * P], d_rows[2 * P :]])
    d_pos = torch.stack([d_rows[:P].sum(0), d_rows[P : 2 * P].sum(0), d_rows[2 * P]])
    return loss, [
        d_E, d_pos, torch.outer(last, d_q), rows.T @ d_keys, rows.T @ d_values, z.T @ d_mid,
        mid.T @ d_pre, post.T @ d_out, out.T @ d_logits,
    ]


def written_step(one_hot, compiled):
    tokens, labels = train_examples()
    first, second = Lookup(tokens[:, 0], one_hot), Lookup(tokens[:, 1], one_hot)
    one_hot_labels = torch.nn.functional.one_hot(labels, P).double()
    weights = [torch.nn.Parameter(flat_heads(k, v)) for k, v in initial_weights().items()]
    optimizer = torch.optim.AdamW(weights, fused=True, **ADAMW)
    of = gradients
    if compiled:
        torch._dynamo.reset()
        of = torch.compile(gradients)

    def step():
        with torch.no_grad():
            loss, grads = of(weights, first, second, one_hot_labels)
        for weight, grad in zip(weights, grads):
            weight.grad = grad
        optimizer.step()
        return loss

    return step


def candidates(threads):
    return [
        {
            "variant": f"{made}, {'one-hot' if one_hot else 'index'}{', compiled' * compiled}",
            "threads": n,
            "make": lambda make=make, o=one_hot, c=compiled: make(o, c),
        }
        for compiled in (False, True)
        for one_hot in (False, True)
        for made, make in (("autograd", autograd_step), ("written out", written_step))
        for n in threads
    ]


if __name__ == "__main__":
    main("PyTorch, hand-optimised", candidates)
