"""Small files written by PyTorch and safetensors, with what they hold.

    python lib/goldens/io.py > lib/src/io/io.golden.json

Each file is gzipped and in base64. Expected arrays are [dtype, shape, numbers] under "$array"; numbers
that JSON lacks are text.
"""

import base64
import gzip
import io
import json
import math
import os
import pathlib
import zipfile
from collections import OrderedDict

import numpy as np
import safetensors.torch
import torch

torch.manual_seed(0)
KINDS = {"f": "float32", "d": "float64", "i": "int32", "I": "uint32", "?": "bool"}


def packed(data):
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def number(x):
    if isinstance(x, float) and not math.isfinite(x):
        return str(x)
    return x


def expected(value):
    """What a reader should give, by the rules of readPt."""
    if isinstance(value, torch.Tensor):
        if value.dtype in (torch.float16, torch.bfloat16):
            value = value.float()
        return expected(value.detach().numpy())
    if isinstance(value, np.ndarray):
        kind = {"f8": "d", "f4": "f", "f2": "f", "b1": "?", "u4": "I", "u8": "I"}.get(value.dtype.str[1:], "i")
        numbers = [number(x) for x in value.astype(np.dtype(kind)).flatten().tolist()]
        numbers = [int(x) if isinstance(x, bool) else x for x in numbers]
        return {"$array": [KINDS[kind], list(value.shape), numbers]}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (torch.dtype, torch.device)):
        return str(value)
    if isinstance(value, dict):
        return {str(key): expected(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [expected(item) for item in value]
    return number(value)


def saved(value, **options):
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


def deflated(data):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def model_and_optimiser():
    model = torch.nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98))
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    return {
        "model": model.state_dict(),
        "optimizer": optimiser.state_dict(),
        "epoch": 7,
        "train_losses": [2.5, 1.25, float("inf")],
        "best": np.float64(0.125),
        "count": np.int64(2**40),
        "curve": np.arange(6, dtype=np.float32).reshape(2, 3),
        "column_major": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "flags": np.array([True, False]),
        "done": np.bool_(True),
        "nothing": None,
        "wide": 2**60 - 2**60 % 1000 + 7 - 2**60,
        "negative": -70000,
        "tags": {"one"},
        "name": "größe",
        "pair": (1, (2.0, False)),
        "__proto__": 3,
    }


def views():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    return {
        "base": base,
        "transposed": base.T,
        "sliced": base[1:3, ::2],
        "expanded": torch.tensor([1.5, 2.5]).expand(3, 2),
        "scalar": base[2, 3],
        "empty": torch.empty(0, 3),
        "parameter": torch.nn.Parameter(base[:, 1]),
        "half_view": base.half()[:, 2:4].T,
    }


def dtypes():
    odd = [0.0, -0.0, 1.0, -2.5, 65504.0, 6e-8, 1e-5, float("inf"), float("-inf"), float("nan")]
    whole = [0, 1, 127]
    return {
        "half": torch.tensor(odd, dtype=torch.float16),
        "bfloat16": torch.tensor(odd, dtype=torch.bfloat16),
        "float32": torch.tensor(odd),
        "float64": torch.tensor(odd, dtype=torch.float64),
        "int64": torch.tensor([-(2**31), 2**31 - 1, 5]),
        "int32": torch.tensor([-5, 7], dtype=torch.int32),
        "int16": torch.tensor([-300, 300], dtype=torch.int16),
        "int8": torch.tensor([-128, 127], dtype=torch.int8),
        "uint8": torch.tensor(whole + [255], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
    }


def unsigned():
    return {
        "uint16": torch.tensor([0, 65535], dtype=torch.uint16),
        "uint32": torch.tensor([0, 2**32 - 1], dtype=torch.uint32),
        "uint64": torch.tensor([0, 2**32 - 1], dtype=torch.uint64),
        "dtype": torch.float32,
        "device": torch.device("cpu"),
        "size": torch.Size([2, 3]),
    }


class Hostile:
    def __reduce__(self):
        return (os.system, ("exit 1",))


def case(name, value, data):
    return {"name": name, "file": packed(data), "holds": expected(value)}


def cases():
    old = {"_use_new_zipfile_serialization": False}
    checkpoint = model_and_optimiser()
    yield case("checkpoint, zip", checkpoint, saved(checkpoint))
    yield case("checkpoint, legacy", checkpoint, saved(checkpoint, **old))
    yield case("checkpoint, deflated", checkpoint, deflated(saved(checkpoint)))
    for protocol in (3, 4, 5):
        yield case(f"checkpoint, pickle {protocol}", checkpoint, saved(checkpoint, pickle_protocol=protocol))
    yield case("views, zip", views(), saved(views()))
    yield case("views, legacy", views(), saved(views(), **old))
    yield case("dtypes, zip", dtypes(), saved(dtypes()))
    yield case("dtypes, legacy", dtypes(), saved(dtypes(), **old))
    yield case("unsigned, zip", unsigned(), saved(unsigned()))
    torch.serialization.set_crc32_options(False)
    yield case("no checksums", [torch.ones(2)], saved([torch.ones(2)]))
    torch.serialization.set_crc32_options(True)
    yield case("list of tensors", [torch.ones(2)], saved([torch.ones(2)]))
    yield case("ordered dict", OrderedDict(a=torch.ones(1)), saved(OrderedDict(a=torch.ones(1))))


def loop():
    out = []
    out.append(out)
    return out


def refused():
    return {
        "code": packed(saved({"model": Hostile()})),
        "code, legacy": packed(saved(Hostile(), _use_new_zipfile_serialization=False)),
        "module": packed(saved(torch.nn.Linear(1, 1))),
        "wide": packed(saved({"seed": torch.tensor([2**40])})),
        "complex": packed(saved(torch.zeros(1, dtype=torch.complex64))),
        "objects": packed(saved({"a": np.array([None, 1], dtype=object)})),
        "loop": packed(saved(loop())),
        "expanded": packed(saved({"huge": torch.zeros(1).expand(2**33)})),
    }


def safetensors_cases():
    # uint64 and F8 types are left out: readers widen the first only when it fits.
    plain = {"w": torch.arange(6.0).reshape(2, 3), "a.b": torch.tensor([True, False, True])}
    plain["d"] = torch.tensor(0.1, dtype=torch.float64)
    plain["i"] = torch.tensor([1, -2], dtype=torch.int32)
    plain["e"] = torch.empty(0, 2)
    files = [("plain", plain, {"note": "größe"}), ("no metadata", plain, None), ("dtypes", dtypes(), None)]
    for name, arrays, metadata in files:
        data = safetensors.torch.save({k: v.contiguous() for k, v in arrays.items()}, metadata)
        yield {**case(name, arrays, data), "metadata": metadata or {}}


def progress_measures():
    """A tiny model in the layout of progress-measures-paper, and its logits by that paper's formulas."""
    heads, d_head, d_model, d_mlp, vocab = 2, 3, 4, 5, 7
    shapes = {
        "embed.W_E": (d_model, vocab),
        "pos_embed.W_pos": (3, d_model),
        "blocks.0.attn.W_K": (heads, d_head, d_model),
        "blocks.0.attn.W_Q": (heads, d_head, d_model),
        "blocks.0.attn.W_V": (heads, d_head, d_model),
        "blocks.0.attn.W_O": (d_model, heads * d_head),
        "blocks.0.mlp.W_in": (d_mlp, d_model),
        "blocks.0.mlp.b_in": (d_mlp,),
        "blocks.0.mlp.W_out": (d_model, d_mlp),
        "blocks.0.mlp.b_out": (d_model,),
        "unembed.W_U": (d_model, vocab - 1),
    }
    state = {name: torch.randn(shape) for name, shape in shapes.items()}
    mask = torch.tril(torch.ones(3, 3))
    tokens = torch.tensor([[1, 4, 6], [0, 2, 6]])
    x = state["embed.W_E"].T[tokens] + state["pos_embed.W_pos"]
    k, q, v = [torch.einsum("ihd,bpd->biph", state[f"blocks.0.attn.W_{c}"], x) for c in "KQV"]
    scores = torch.tril(q @ k.transpose(-1, -2)) - 1e10 * (1 - mask)
    z = (scores / math.sqrt(d_head)).softmax(-1) @ v
    x = x + z.permute(0, 2, 1, 3).reshape(2, 3, -1) @ state["blocks.0.attn.W_O"].T
    hidden = torch.relu(x @ state["blocks.0.mlp.W_in"].T + state["blocks.0.mlp.b_in"])
    x = x + hidden @ state["blocks.0.mlp.W_out"].T + state["blocks.0.mlp.b_out"]
    logits = x @ state["unembed.W_U"]
    checkpoint = {"model": {**state, "blocks.0.attn.mask": mask}, "train_losses": [1.0]}
    return {"file": packed(saved(checkpoint)), "tokens": tokens.tolist(), "logits": expected(logits)}


def tensors(value):
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors(item)


def published():
    """Of each published checkpoint: number of tensors and the sum of |x| over the finite numbers."""
    data = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
    for file in sorted([*data.rglob("*.pt"), *data.rglob("*.pth")]):
        found = list(tensors(torch.load(file, map_location="cpu")))
        total = sum(t.double().abs().nan_to_num(posinf=0).sum().item() for t in found)
        yield {"file": str(file.relative_to(data)), "tensors": len(found), "sum": total}


if __name__ == "__main__":
    golden = {
        "torch": torch.__version__,
        "pt": list(cases()),
        "refused": refused(),
        "published": list(published()),
        "progressMeasures": progress_measures(),
        "safetensors": list(safetensors_cases()),
    }
    print(json.dumps(golden, separators=(",", ":"), allow_nan=False))
