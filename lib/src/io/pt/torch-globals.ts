/**
 * The names that a checkpoint may mention and what each stands for here; every other one is refused.
 * Source: PyTorch, torch/_utils.py and torch/_weights_only_unpickler.py.
 */

import { InputError } from "../../core/errors.ts";
import type { ElementType } from "../elements.ts";
import { PyCallable, PyDict, PyList, PyName, PyTuple } from "../pickle/values.ts";
import { count, counts, malformed, rawBytes } from "./args.ts";
import { numpyGlobals } from "./numpy-globals.ts";
import { ElementName, Storage, TensorRef } from "./tensor-ref.ts";

const storageTypes: { readonly [name: string]: ElementType } = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

const dtypes: { readonly [name: string]: ElementType } = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
};

/** `_rebuild_tensor`, `_v2`, `_v3`: storage, offset, shape, strides; in v3 the dtype is the 7th. */
function tensor(args: readonly unknown[]): TensorRef {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof Storage)) throw malformed("a tensor has no storage");
  const named = args[6] instanceof ElementName ? args[6].type : undefined;
  const type = storage.type ?? named;
  if (type === undefined) throw malformed("a tensor has no type");
  return new TensorRef(
    storage,
    type,
    count("the offset of a tensor", offset),
    counts("the shape of a tensor", shape),
    counts("the strides of a tensor", strides),
  );
}

/** A Parameter is its tensor. */
function parameter([data]: readonly unknown[]): TensorRef {
  if (!(data instanceof TensorRef)) throw malformed("a parameter has no tensor");
  return data;
}

/** `_rebuild_from_type_v2`: function, class, arguments, attributes. */
function fromType([make, , args]: readonly unknown[]): unknown {
  if (!(make instanceof PyCallable && args instanceof PyTuple)) {
    throw malformed("a tensor has no function that makes it");
  }
  return make.call(args.items);
}

function dict([from]: readonly unknown[]): PyDict {
  const out = new PyDict();
  if (from instanceof PyDict) {
    for (const [key, value] of from.entries) out.entries.set(key, value);
  } else if (from instanceof PyList) {
    for (const pair of from.items) {
      const items = pair instanceof PyTuple || pair instanceof PyList ? pair.items : [];
      if (items.length !== 2) throw malformed("an item of a dict is no pair");
      out.entries.set(items[0], items[1]);
    }
  }
  return out;
}

function list([from]: readonly unknown[]): PyList {
  return new PyList(from instanceof PyList || from instanceof PyTuple ? [...from.items] : []);
}

function size([from]: readonly unknown[]): PyTuple {
  if (from instanceof PyTuple) return from;
  return new PyTuple(from instanceof PyList ? from.items : []);
}

function device(args: readonly unknown[]): string {
  return args.join(":");
}

/** Python 2's way to write bytes: text of one character per byte, and "latin1". */
function encode([text, encoding]: readonly unknown[]): Uint8Array {
  if (encoding !== "latin1") throw malformed(`text encoded as ${String(encoding)}`);
  return rawBytes("encoded text", text);
}

function bytes([from]: readonly unknown[]): Uint8Array {
  return from === undefined ? new Uint8Array(0) : rawBytes("a bytearray", from);
}

const functions: { readonly [name: string]: (args: readonly unknown[]) => unknown } = {
  "torch._utils _rebuild_tensor": tensor,
  "torch._utils _rebuild_tensor_v2": tensor,
  "torch._utils _rebuild_tensor_v3": tensor,
  "torch._utils _rebuild_parameter": parameter,
  "torch._utils _rebuild_parameter_with_state": parameter,
  "torch._tensor _rebuild_from_type_v2": fromType,
  "torch Size": size,
  "torch device": device,
  "collections OrderedDict": dict,
  "collections Counter": dict,
  "collections defaultdict": () => new PyDict(),
  "_codecs encode": encode,
};

const builtins: { readonly [name: string]: (args: readonly unknown[]) => unknown } = {
  set: list,
  frozenset: list,
  list,
  dict,
  bytearray: bytes,
};

/** Types that are mentioned (by a `defaultdict` or a subclass) but never made. */
const names = [
  "torch Tensor",
  "torch.nn.parameter Parameter",
  "builtins int",
  "builtins float",
  "builtins bool",
  "builtins str",
];

function allowed(): Map<string, unknown> {
  const table = new Map<string, unknown>(numpyGlobals);
  const untyped = new ElementName("torch.UntypedStorage", undefined);
  table.set("torch UntypedStorage", untyped).set("torch.storage UntypedStorage", untyped);
  for (const [name, type] of [...Object.entries(storageTypes), ...Object.entries(dtypes)]) {
    table.set(`torch ${name}`, new ElementName(`torch.${name}`, type));
  }
  for (const [name, call] of Object.entries(functions)) table.set(name, new PyCallable(name, call));
  for (const [name, call] of Object.entries(builtins)) {
    const callable = new PyCallable(name, call);
    table.set(`builtins ${name}`, callable).set(`__builtin__ ${name}`, callable);
  }
  for (const name of names) table.set(name, new PyName(name.replace(" ", ".")));
  return table;
}

let shared: ReadonlyMap<string, unknown> | undefined;

/** What a global name stands for; throws `InputError` for every name that is not on the list. */
export function torchGlobal(module: string, name: string): unknown {
  shared ??= allowed();
  const value = shared.get(`${module} ${name}`);
  if (value === undefined) {
    throw new InputError(
      `pt: the file asks for ${module.slice(0, 100)}.${name.slice(0, 100)}, which is code and is never run; save model.state_dict() instead`,
    );
  }
  return value;
}
