/** Random changes of pickles, opcode by opcode, and of the zip archives and legacy files around them. */

import { type Generator, mutateBytes, oddNames } from "./mutate.ts";
import { type Entry, unzip, zip } from "./zip-archives.ts";

/** How the argument of an opcode is told: bytes, lines ("l"), or a length of so many bytes ("p4"). */
const argumentsOf: Readonly<Record<number, number | "l" | "ll" | "p1" | "p4" | "p8">> = {
  ...{ 128: 1, 149: 8, 73: "l", 76: "l", 70: "l", 74: 4, 75: 1, 77: 2, 71: 8 },
  ...{ 138: "p1", 139: "p4", 83: "l", 86: "l", 84: "p4", 85: "p1", 88: "p4" },
  ...{ 140: "p1", 141: "p8", 66: "p4", 67: "p1", 142: "p8", 150: "p8", 112: "l" },
  ...{ 113: 1, 114: 4, 103: "l", 104: 1, 106: 4, 99: "ll", 105: "ll", 80: "l" },
};

const STOP = 0x2e;

/** Where the argument of the opcode at `at` ends. */
function endOf(bytes: Buffer, at: number): number {
  const kind = argumentsOf[bytes[at] as number] ?? 0;
  const start = at + 1;
  const line = (from: number): number => {
    const end = bytes.indexOf(10, from);
    return end < 0 ? bytes.length : end + 1;
  };
  if (typeof kind === "number") return start + kind;
  if (kind === "l") return line(start);
  if (kind === "ll") return line(line(start));
  const width = Number(kind.slice(1));
  if (start + width > bytes.length) return bytes.length;
  const length =
    width === 8 ? Number(bytes.readBigUInt64LE(start)) : bytes.readUIntLE(start, width);
  return start + width + length;
}

/** The opcodes of the first pickle with their arguments, and where it ends. */
function opcodes(bytes: Buffer): { readonly ops: Buffer[]; readonly end: number } {
  const ops: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(endOf(bytes, at), bytes.length);
    ops.push(bytes.subarray(at, end));
    if (bytes[at] === STOP) return { ops, end };
    at = end;
  }
  return { ops, end: bytes.length };
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
}

function op(code: number, ...rest: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([code]), ...rest]);
}

const lone = [
  ...[0x28, 0x30, 0x31, 0x32, 0x4e, 0x88, 0x89, 0x5d, 0x8f, 0x6c, 0x91, 0x61, 0x65, 0x90, 0x7d],
  ...[
    0x64, 0x73, 0x75, 0x29, 0x85, 0x86, 0x87, 0x74, 0x94, 0x93, 0x51, 0x52, 0x81, 0x92, 0x62, 0x6f,
  ],
];

const globals = [
  ...["builtins eval", "os system", "posix system", "builtins exec", "builtins getattr"],
  ...["torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor_v3"],
  ...["torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state"],
  ...["torch._utils _rebuild_sparse_tensor", "torch._utils _rebuild_device_tensor_from_numpy"],
  ...["torch._tensor _rebuild_from_type_v2", "collections OrderedDict", "collections deque"],
  ...["collections defaultdict", "numpy dtype", "numpy ndarray", "numpy._core.multiarray scalar"],
  ...["numpy._core.multiarray _reconstruct", "numpy._core.numeric _frombuffer", "_codecs encode"],
  ...["builtins set", "builtins dict", "builtins list", "builtins bytearray", "builtins tuple"],
  ...["torch Size", "torch device", "torch FloatStorage", "torch UntypedStorage", "torch float32"],
  ...["torch ComplexFloatStorage", "torch.serialization _get_layout", "pathlib PosixPath"],
  ...["argparse Namespace", "__main__ __proto__", "constructor constructor", "datetime date"],
];

const newOps: readonly ((g: Generator) => Buffer)[] = [
  (g) => op(g.pick(lone)),
  (g) => op(0x63, Buffer.from(`${g.pick(globals).replace(" ", "\n")}\n`)),
  (g) => op(0x68, Buffer.from([g.int(40)])),
  (g) => op(g.pick([0x6a, 0x72]), uint32(g.pick([0, 5, 1e6, 0xffffffff]))),
  (g) => {
    const text = Buffer.from(g.pick(oddNames));
    return op(0x58, uint32(text.length), text);
  },
  (g) => op(0x4a, uint32(g.pick([0, 1, 0x7fffffff, 0x80000000, 0xffffffff]))),
  (g) =>
    op(
      0x8b,
      uint32(g.pick([0, 1, 8, 999, 0x7fffffff, 0xffffffff])),
      Buffer.alloc(g.pick([0, 8, 1000, 1001]), 0xff),
    ),
  (g) =>
    op(0x49, Buffer.from(`${g.pick(["00", "01", "-1", "9".repeat(400), "1e5", "0x10", ""])}\n`)),
  (g) => op(0x42, uint32(g.pick([0, 4, 0xffffffff])), Buffer.from("abcd")),
  (g) => op(0x8e, Buffer.from([0xff, 0xff, 0xff, 0xff, g.int(256), 0, 0, 0])),
  (g) => op(0x95, Buffer.alloc(8, g.int(256))),
];

const edits: readonly ((g: Generator, ops: Buffer[], others: readonly Buffer[]) => void)[] = [
  (g, ops) => void ops.splice(g.int(ops.length), 1),
  (g, ops) => void ops.splice(g.int(ops.length), 0, g.pick(ops)),
  (g, ops) => {
    const [i, j] = [g.int(ops.length), g.int(ops.length)];
    [ops[i], ops[j]] = [ops[j] as Buffer, ops[i] as Buffer];
  },
  (g, ops) => void ops.splice(g.int(ops.length), 0, g.pick(newOps)(g)),
  (g, ops) => {
    ops[g.int(ops.length)] = g.pick(newOps)(g);
  },
  (g, ops, others) => {
    const from = opcodes(g.pick(others)).ops;
    const start = g.int(from.length);
    const piece = from.slice(start, start + 1 + g.int(12)).filter((one) => one[0] !== STOP);
    ops.splice(g.int(ops.length), 0, ...piece);
  },
  (g, ops) => {
    const i = g.int(ops.length);
    const copy = Buffer.from(ops[i] as Buffer);
    if (copy.length > 1) {
      copy[1 + g.int(copy.length - 1)] = g.pick([0, 1, 0x7f, 0x80, 0xff, g.int(256)]);
    }
    ops[i] = copy;
  },
];

/** One to five edits of the opcodes of a pickle; `others` lend pieces. */
export function mutatePickle(g: Generator, pickle: Buffer, others: readonly Buffer[]): Buffer {
  const ops = [...opcodes(pickle).ops];
  for (let left = 1 + g.int(5); left > 0 && ops.length > 1; left--) g.pick(edits)(g, ops, others);
  return Buffer.concat(ops);
}

const entryNames = [
  ...["../../../etc/passwd", "/abs", "a\\..\\b", "", "data.pkl", "x/data.pkl", "x/byteorder"],
  ...["archive/data/0", "a\nb\u001b[2J"],
];

/** An archive with a changed pickle, sometimes changed storages, names, sizes and offsets. */
export function mutateZip(g: Generator, bytes: Buffer, others: readonly Buffer[]): Buffer {
  const entries = unzip(bytes).map((entry): Entry => {
    if (entry.name.endsWith("data.pkl")) {
      return { ...entry, data: mutatePickle(g, entry.data, others) };
    }
    return g.random() < 0.05 ? { ...entry, data: mutateBytes(g, entry.data) } : entry;
  });
  const at = g.int(entries.length);
  const renamed = { ...(entries[at] as Entry), name: g.pick(entryNames) };
  if (g.random() < 0.1) entries[at] = renamed;
  const odd = (entry: Entry): Entry => ({
    ...entry,
    ...(g.random() < 0.01 && { size: g.pick([0xffffffff, 0, entry.data.length + 1, 0x7fffffff]) }),
    ...(g.random() < 0.01 && { method: g.pick([8, 1, 99]) }),
    ...(g.random() < 0.01 && { offset: g.int(2 ** 32) }),
  });
  return zip(entries.map(odd));
}

/** A legacy file with one of its pickles changed, most often that of the values. */
export function mutateLegacy(g: Generator, bytes: Buffer, others: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (let n = 0; n < 5 && at < bytes.length; n++) {
    const { end } = opcodes(bytes.subarray(at));
    parts.push(bytes.subarray(at, at + end));
    at += end;
  }
  const which = g.random() < 0.8 ? Math.min(3, parts.length - 1) : g.int(parts.length);
  parts[which] = mutatePickle(g, parts[which] as Buffer, others);
  const rest = bytes.subarray(at);
  return Buffer.concat([...parts, g.random() < 0.1 ? mutateBytes(g, rest) : rest]);
}
