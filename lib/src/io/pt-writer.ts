/**
 * PyTorch checkpoints, written: a dict of tensors that `torch.load` reads, `weights_only` or not.
 * Source: PyTorch, torch/serialization.py, `_save`; CPython, Lib/pickle.py, protocol 2.
 */

import { InputError } from "../core/errors.ts";
import { type DType, type NdArray, sizeOf } from "../core/nd.ts";
import { rowMajor } from "./elements.ts";
import type { NamedArrays } from "./safetensors.ts";
import { zipped } from "./zip-writer.ts";

/** Storage class of each type; uint32 has none, so its storage is untyped and the tensor names it. */
const storageNames: { readonly [D in DType]: string | undefined } = {
  float32: "FloatStorage",
  float64: "DoubleStorage",
  int32: "IntStorage",
  bool: "BoolStorage",
  uint32: undefined,
};

const encoder = new TextEncoder();

/** The bytes of `torch.save({name: tensor, ...})`; the same arrays give the same bytes. */
export function writePt(arrays: NamedArrays): Uint8Array {
  const named = Object.entries(arrays);
  const storages = named.map(([name, array], i): [string, Uint8Array] => {
    const { shape, data } = array;
    if (data.length !== sizeOf(shape)) {
      throw new InputError(
        `writePt: ${name}: shape [${shape}] holds ${sizeOf(shape)} numbers, got ${data.length}`,
      );
    }
    return [`archive/data/${i}`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
  });
  const tensors = named.flatMap(([name, array], i) => [text(name), tensor(array, String(i))]);
  const pickle = joined(ops(0x80, 2, "}("), ...tensors, ops("u."));
  return zipped([
    ["archive/data.pkl", pickle],
    ["archive/byteorder", encoder.encode("little")],
    ...storages,
    ["archive/version", encoder.encode("3\n")],
  ]);
}

/** A call of `_rebuild_tensor_v2` (or `_v3`, which takes the dtype). */
function tensor({ dtype, shape, data }: NdArray, key: string): Uint8Array {
  const storage = storageNames[dtype];
  const typed = storage !== undefined;
  return joined(
    global("torch._utils", typed ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3"),
    ops("(("),
    text("storage"),
    typed ? global("torch", storage) : global("torch.storage", "UntypedStorage"),
    text(key),
    text("cpu"),
    integer(typed ? data.length : data.byteLength),
    ops("tQ"),
    integer(0),
    integers(shape),
    integers(rowMajor(shape)),
    ops(0x89),
    global("collections", "OrderedDict"),
    ops(")R"),
    typed ? ops() : global("torch", dtype),
    ops("tR"),
  );
}

/** Opcodes: letters, or bytes. */
function ops(...parts: readonly (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === "number" ? [part] : [...encoder.encode(part)])),
  );
}

function global(module: string, name: string): Uint8Array {
  return encoder.encode(`c${module}\n${name}\n`);
}

/** BINUNICODE. */
function text(value: string): Uint8Array {
  const bytes = encoder.encode(value);
  const head = ops("X", 0, 0, 0, 0);
  new DataView(head.buffer).setUint32(1, bytes.length, true);
  return joined(head, bytes);
}

/** BININT, or LONG1 of eight bytes from 2^31 on. */
function integer(value: number): Uint8Array {
  const wide = value >= 2 ** 31;
  const bytes = wide ? ops(0x8a, 8, ...Array(8).fill(0)) : ops("J", 0, 0, 0, 0);
  const view = new DataView(bytes.buffer);
  if (wide) view.setBigInt64(2, BigInt(value), true);
  else view.setInt32(1, value, true);
  return bytes;
}

function integers(values: readonly number[]): Uint8Array {
  return joined(ops("("), ...values.map(integer), ops("t"));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
