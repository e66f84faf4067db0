"""Odd but sound checkpoints written by PyTorch, with what they hold.

    python lib/goldens/odd_pt.py > lib/src/io/odd-pt.golden.json

Each file is gzipped and in base64; it is `{"w": tensor, "aux": value}`. Expected arrays are
[dtype, shape, numbers] under "$array"; numbers that JSON lacks are text.
"""

import argparse
import base64
import collections
import dataclasses
import datetime
import enum
import gzip
import io
import json
import math
import pathlib
import types
import warnings
import zipfile

import numpy as np
import torch
import torch._utils as rebuild

warnings.filterwarnings("ignore")
torch.manual_seed(0)
KINDS = {"f": "float32", "d": "float64", "i": "int32", "I": "uint32", "?": "bool"}
WEIGHT = torch.arange(6.0).reshape(2, 3)


class Color(enum.Enum):
    RED = 1


class Sub(torch.Tensor):
    pass


@dataclasses.dataclass
class Config:
    layers: int = 1


class Calls:
    """Pickled as a call of a function with arguments."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def packed(data):
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def saved(aux, **options):
    out = io.BytesIO()
    torch.save({"w": WEIGHT, "aux": aux}, out, **options)
    return out.getvalue()


def number(x):
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x


def expected(value):
    """What a reader should give, by the rules of readPt."""
    if isinstance(value, torch.storage.TypedStorage):
        value = torch.tensor(value.tolist(), dtype=value.dtype)
    if isinstance(value, torch.Tensor):
        value = value.detach().resolve_neg()
        value = value.float() if value.dtype in (torch.float16, torch.bfloat16) else value
        return expected(value.numpy())
    if isinstance(value, np.ndarray):
        kind = {"f8": "d", "f4": "f", "f2": "f", "b1": "?", "u4": "I", "u8": "I"}.get(value.dtype.str[1:], "i")
        numbers = [number(x) for x in value.astype(np.dtype(kind)).flatten().tolist()]
        return {"$array": [KINDS[kind], list(value.shape), [int(x) if x is True or x is False else x for x in numbers]]}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (argparse.Namespace, types.SimpleNamespace)):
        return expected(vars(value))
    if isinstance(value, (torch.dtype, torch.device, torch.layout, pathlib.PurePath)):
        return str(value)
    if isinstance(value, dict):
        return {str(key): expected(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, collections.deque)):
        return [expected(item) for item in value]
    return number(value)


def negated(dtype, numbers):
    return torch._neg_view(torch.tensor(numbers).to(dtype))


def read():
    """Values that must be given as PyTorch gives them."""
    complex_ = torch.complex(torch.tensor([1.0, -2.0]), torch.tensor([3.0, -4.0]))
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.note = "kept by PyTorch"
    attributes = collections.OrderedDict(a=torch.ones(1))
    attributes._metadata = {"version": 1}
    storage = torch.arange(4.0).storage()
    none = collections.OrderedDict()
    yield "negated float32", torch._neg_view(torch.tensor([1.5, 0.0, -0.0, math.inf, math.nan]))
    yield "negated float64", negated(torch.float64, [0.1, -2])
    yield "negated float16", negated(torch.float16, [0.5, -2])
    yield "negated bfloat16", negated(torch.bfloat16, [0.5, -2])
    yield "negated int64", negated(torch.int64, [5, -7])
    yield "negated int32", negated(torch.int32, [-(2**31), 7])
    yield "negated int16", negated(torch.int16, [-(2**15), 7])
    yield "negated int8", negated(torch.int8, [-128, 7])
    yield "negated uint8", negated(torch.uint8, [0, 5, 255])
    yield "negated view", torch._neg_view(torch.arange(12.0).reshape(3, 4)).T[1:, ::2]
    yield "imaginary part of a conjugate", complex_.conj().imag
    yield "real part", complex_.real
    yield "parameter with attributes", parameter
    yield "buffer", torch.nn.Buffer(torch.ones(2))
    yield "dict with attributes", attributes
    yield "default dict", collections.defaultdict(list, {"a": [1]})
    yield "counter", collections.Counter("aab")
    yield "deque", collections.deque([1.0, 2.0], maxlen=3)
    yield "namespace", argparse.Namespace(lr=1e-3, inner=argparse.Namespace(x=torch.ones(1)))
    yield "simple namespace", types.SimpleNamespace(a=1)
    yield "paths", [pathlib.PosixPath(text) for text in ("a/b", "/a/b", "/", ".")]
    yield "layout and device", [torch.strided, torch.device("cuda:1"), torch.float16]
    yield "keys", {1: "a", 2.5: "b", True and "t": "c", None: "d", (1, "x"): "e"}
    yield "storage", storage
    yield "unfolded", torch.arange(6.0).unfold(0, 3, 1)
    yield "channels last", torch.arange(16.0).reshape(2, 2, 2, 2).contiguous(memory_format=torch.channels_last)
    yield "axes of one", torch.arange(12.0).reshape(3, 1, 4, 1).transpose(0, 2)
    yield "expanded", torch.arange(3.0).reshape(1, 3, 1).expand(2, 3, 2)
    yield "unsigned", [torch.tensor([1, 65535], dtype=torch.uint16), torch.tensor([2**32 - 1], dtype=torch.uint32)]
    yield "big-endian NumPy", [np.arange(3, dtype=">f4"), np.arange(3, dtype=">i8"), np.array([1.5], ">f8")[0]]
    yield "NumPy scalars", [np.float16(0.5), np.int64(2**40), np.bool_(True), np.array(3.5)]
    yield "old rebuild", Calls(rebuild._rebuild_tensor, storage, 1, (2,), (1,))
    yield "metadata of none", Calls(rebuild._rebuild_tensor_v2, storage, 1, (2,), (1,), False, none, {})
    yield "from NumPy", Calls(rebuild._rebuild_device_tensor_from_numpy, np.ones(2, "f4"), torch.bfloat16, "cpu", True)
    yield "other type on the storage", Calls(
        rebuild._rebuild_tensor_v3, storage, 0, (4,), (1,), False, none, torch.int32, {"neg": True}
    )


def refused():
    """Values that are refused; their sentences are in the test."""
    storage = torch.arange(4.0).storage()
    none = collections.OrderedDict()
    v2 = rebuild._rebuild_tensor_v2
    yield "class", Color.RED
    yield "data class", Config()
    yield "subclass", torch.ones(2).as_subclass(Sub)
    yield "module", torch.nn.Linear(1, 1)
    yield "complex", torch.ones(2, dtype=torch.complex64)
    yield "conjugate", torch.ones(2, dtype=torch.complex64).conj()
    yield "conjugate of reals", Calls(v2, storage, 0, (2,), (1,), False, none, {"conj": True})
    yield "unknown metadata", Calls(v2, storage, 0, (2,), (1,), False, none, {"scale": True})
    yield "unknown argument", Calls(v2, storage, 0, (2,), (1,), False, none, None, 7)
    yield "unknown argument of a parameter", Calls(rebuild._rebuild_parameter, torch.ones(1), True, none, 3)
    yield "negated bool", torch._neg_view(torch.tensor([True]))
    yield "float8", torch.ones(2).to(torch.float8_e5m2)
    yield "sparse", torch.eye(2).to_sparse()
    yield "sparse rows", torch.eye(2).to_sparse_csr()
    yield "quantized", torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
    yield "quantized channels", torch.quantize_per_channel(
        torch.ones(2, 2), torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.quint8
    )
    yield "meta", torch.ones(2, device="meta")
    yield "nested", torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    yield "jagged", torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)
    yield "wide", torch.tensor([2**53 + 1])
    yield "wide, unsigned", torch.tensor([2**64 - 1], dtype=torch.uint64)
    yield "Python complex", 1 + 2j
    yield "slice", slice(1, 3)
    yield "range", range(3)
    yield "ellipsis", ...
    yield "date", datetime.datetime(2024, 1, 1)
    yield "NumPy text", np.array(["a"])
    yield "NumPy text scalar", np.str_("a")
    yield "NumPy objects", np.array([None], dtype=object)
    yield "NumPy structure", np.zeros(1, dtype=[("a", "f4")])
    yield "NumPy date", np.datetime64("2024-01-01")
    yield "NumPy matrix", np.matrix([[1.0]])
    yield "key", {frozenset([1]): 1}
    yield "keys", {1: "a", "1": "b"}
    yield "expanded", torch.zeros(1).expand(5000, 5000)


def big_endian(aux):
    """The same file as a big-endian machine writes it; `aux` and WEIGHT are of 4-byte elements."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(aux))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if "/data/" in name:
                data = np.frombuffer(data, dtype="u4").byteswap().tobytes()
            if name.endswith("byteorder"):
                data = b"big"
            new.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def loaded(data):
    return torch.load(io.BytesIO(data), weights_only=False)["aux"]


def cases():
    legacy = {"_use_new_zipfile_serialization": False}
    for name, value in read():
        data = saved(value)
        yield {"name": name, "file": packed(data), "aux": expected(loaded(data))}
    for protocol in (1, 2, 3, 4, 5):
        data = saved([torch.ones(2), "text"], pickle_protocol=protocol, **legacy)
        yield {"name": f"legacy, pickle {protocol}", "file": packed(data), "aux": expected(loaded(data))}
    data = saved(torch._neg_view(torch.ones(2)), **legacy)
    yield {"name": "negated, legacy", "file": packed(data), "aux": expected(loaded(data))}
    data = big_endian(torch.tensor([1, 2**20], dtype=torch.int32))
    yield {"name": "big-endian", "file": packed(data), "aux": expected(loaded(data))}


def torchscript():
    out = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), out)
    return out.getvalue()


if __name__ == "__main__":
    golden = {
        "torch": torch.__version__,
        "weight": expected(WEIGHT),
        "read": list(cases()),
        "refused": {name: packed(saved(value)) for name, value in refused()},
        "torchscript": packed(torchscript()),
        "big-endian, untyped": packed(big_endian(torch.tensor([1], dtype=torch.uint32))),
    }
    print(json.dumps(golden, separators=(",", ":"), allow_nan=False))
