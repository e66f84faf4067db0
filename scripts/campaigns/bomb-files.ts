/** The hostile files of the campaign `bombs`. */

import {
  bytes,
  dict,
  global,
  pt,
  repeated,
  safetensors,
  type TensorParts,
  tensor,
  text,
  uint32,
  uint64,
} from "./bomb-parts.ts";
import { zip } from "./zip-archives.ts";

export interface Bomb {
  readonly name: string;
  readonly format: "pt" | "safetensors" | "json";
  make(): Buffer;
  /** The file must not be accepted. */
  readonly must?: "refuse";
  /** Takes gigabytes to make. */
  readonly heavy?: boolean;
}

const blank = (length: number): Buffer => Buffer.alloc(length);
const nest = (depth: number, open: string, close: string): string =>
  open.repeat(depth) + close.repeat(depth);
const entry = (shape: readonly number[], start: number, end: number, dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

/** name, how it is made, and whether it must be refused. */
type Row = readonly [string, () => Buffer, ("refuse" | "heavy")?];

const tensors: readonly Row[] = [
  ["header length 2^63", () => safetensors("{}", blank(0), 2n ** 63n), "refuse"],
  ["header length 99 MB in 10 bytes", () => safetensors("{}", blank(0), 99_000_000n), "refuse"],
  ["4 TB array", () => safetensors({ a: entry([2 ** 40], 0, 2 ** 42) }), "refuse"],
  ["shape overflows to 0", () => safetensors({ a: entry([2 ** 32, 2 ** 32, 0], 0, 0) })],
  [
    "overlapping arrays",
    () => safetensors({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, blank(12)),
    "refuse",
  ],
  [
    "two arrays, same bytes",
    () => safetensors({ a: entry([2], 0, 8), b: entry([2], 0, 8) }, blank(8)),
    "refuse",
  ],
  ["a gap", () => safetensors({ a: entry([1], 4, 8) }, blank(8)), "refuse"],
  ["offsets out of range", () => safetensors({ a: entry([2], 0, 8) }, blank(4)), "refuse"],
  ["negative offsets", () => safetensors({ a: entry([2], -8, 0) }, blank(4)), "refuse"],
  [
    "a name twice",
    () => {
      const one = `"embed.W_E":${JSON.stringify(entry([1, 1], 0, 4))}`;
      return safetensors(`{${one},${one}}`, blank(4));
    },
    "refuse",
  ],
  [
    "1e6 empty arrays",
    () => {
      const one = JSON.stringify(entry([0], 0, 0));
      return safetensors(`{${Array.from({ length: 1e6 }, (_, i) => `"t${i}":${one}`).join()}}`);
    },
  ],
  [
    "dtype is an object with toString",
    () => safetensors('{"a":{"dtype":{"toString":1},"shape":[0],"data_offsets":[0,0]}}'),
  ],
  [
    "dtype is a deep array",
    () => {
      const deep = nest(200_000, "[", "]");
      return safetensors(`{"a":{"dtype":${deep},"shape":[0],"data_offsets":[0,0]}}`);
    },
  ],
  ["dtype of 20 MB", () => safetensors({ a: entry([0], 0, 0, "x".repeat(20e6)) })],
  ["name of 20 MB", () => safetensors({ ["x".repeat(20e6)]: entry([0], 0, 0) })],
  ["name of 1 MB", () => safetensors({ ["x".repeat(1e6)]: entry([0], 0, 0) })],
  [
    "shape of 1e6 sizes",
    () => {
      const shape = `[${"1,".repeat(1e6)}0]`;
      return safetensors(`{"a":{"dtype":"F32","shape":${shape},"data_offsets":[0,0]}}`);
    },
  ],
  ["header of 1e6 open brackets", () => safetensors("[".repeat(1e6)), "refuse"],
  ["header of 1e6 nested objects", () => safetensors(nest(1e6, '{"a":', "}")), "refuse"],
  [
    "__proto__ as a name",
    () => safetensors(`{"__proto__":${JSON.stringify(entry([1], 0, 4))}}`, blank(4)),
  ],
  [
    "__proto__ in the metadata",
    () => safetensors('{"__metadata__":{"__proto__":"x","constructor":"y"}}'),
  ],
  [
    "a name with line breaks and escapes",
    () => safetensors({ "a\ntinylens: all is well\u001b[2J": entry([1], 0, 4) }, blank(4)),
  ],
];

/** `{"x": tensor}` on a storage of `stored` bytes. */
function one(parts: TensorParts, stored: number, name = "x"): Buffer {
  return pt(dict(text(name), tensor(parts)), { data: { 0: blank(stored) } });
}

/** A call of a global with a text. */
function call(module: string, name: string, argument: string): Buffer {
  return pt(bytes(global(module, name), "(", text(argument), "tR"));
}

/** Ten times the one before, sixty times. */
function laughs(end: string): Buffer {
  const levels = Array.from({ length: 60 }, (_, i) =>
    bytes("(", repeated(`h${String.fromCharCode(i)}`, 10), end, "q", i + 1),
  );
  return pt(bytes("Nq\x00", ...levels));
}

function dictLaughs(): Buffer {
  const levels = Array.from({ length: 60 }, (_, i) => {
    const items = Array.from({ length: 10 }, (_, k) => bytes(text(`k${k}`), "h", i));
    return bytes("}(", ...items, "u", "q", i + 1);
  });
  return pt(bytes("}q\x00", ...levels));
}

const ones = (count: number): number[] => Array<number>(count).fill(1);
const zeros = (count: number): number[] => Array<number>(count).fill(0);
const oneView = (type: string, size: number, axes: number, stored: number): Buffer =>
  one({ type, count: 1, shape: [size, ...ones(axes)], strides: zeros(axes + 1) }, stored);

const files: readonly Row[] = [
  ["os.system", () => call("os", "system", "touch owned"), "refuse"],
  ["posix.system", () => call("posix", "system", "touch owned"), "refuse"],
  ["builtins.eval", () => call("builtins", "eval", "open('owned','w')"), "refuse"],
  ["names of Object.prototype", () => call("constructor", "constructor", "1"), "refuse"],
  [
    "path traversal in zip names",
    () => zip([{ name: "../../../../owned/data.pkl", data: bytes(0x80, 2, "}.") }]),
    "refuse",
  ],
  [
    "storage key with ../",
    () => one({ type: "FloatStorage", key: "../../x", count: 1, shape: [1], strides: [1] }, 4),
    "refuse",
  ],
  [
    "storage of 4 TB",
    () => one({ type: "FloatStorage", count: 2 ** 40, shape: [2 ** 40], strides: [1] }, 4),
    "refuse",
  ],
  ["view of 4 TB by stride 0", () => oneView("FloatStorage", 2 ** 40, 0, 4), "refuse"],
  ["60 M bools by stride 0", () => oneView("BoolStorage", 60_000_000, 0, 1)],
  ["60 M bools by stride 0, 63 axes of size 1", () => oneView("BoolStorage", 60_000_000, 63, 1)],
  ["16 M floats by stride 0, 63 axes of size 1", () => oneView("FloatStorage", 16e6, 63, 4)],
  ["7 M halves by stride 0, 60 axes of size 1", () => oneView("HalfStorage", 7e6, 60, 2)],
  [
    "32 M bools in 25 axes of size 2",
    () => {
      const axes = Array<number>(25).fill(2);
      const strides = axes.map((_, i) => i % 2);
      return one({ type: "BoolStorage", count: 64, shape: axes, strides }, 64);
    },
  ],
  ["LONG4 of 2 GB", () => pt(bytes(0x8b, uint32(0x7fffffff))), "refuse"],
  ["LONG4 of negative length", () => pt(bytes(0x8b, uint32(0xffffffff))), "refuse"],
  ["BINBYTES8 of 2^60", () => pt(bytes(0x8e, uint64(2n ** 60n))), "refuse"],
  [
    "10,000 integers of 1,000 bytes",
    () => pt(bytes("(", repeated(`\x8b\xe8\x03\x00\x00${"\xee".repeat(1000)}`, 10_000), "l")),
  ],
  ["an integer of 1e6 digits", () => pt(`L${"9".repeat(1e6)}L\n`), "refuse"],
  ["1e6 tuples in each other", () => pt(bytes("N", repeated("\x85", 1e6)))],
  ["1e6 lists in each other", () => pt(bytes("]", repeated("(", 1e6), repeated("l", 1e6), "a"))],
  ["a list in itself", () => pt("]q\x00h\x00a")],
  ["a dict in itself", () => pt(bytes("}q\x00", text("k"), "h\x00s"))],
  ["billion laughs, tuples", () => laughs("t")],
  ["billion laughs, lists", () => laughs("l")],
  ["billion laughs, dicts", dictLaughs],
  ["memo index 2^32-1", () => pt(bytes("Nr", uint32(0xffffffff), "j", uint32(0xffffffff)))],
  ["key of 5 MB", () => pt(bytes("}(", text("k".repeat(5e6)), "]q\x00h\x00a", "u"))],
  [
    "200 keys of 5 MB in each other",
    () => {
      const key = bytes(text("k".repeat(5e6)), "q\x000");
      const inner = bytes(repeated("}(h\x00", 190), "c__main__\nf\n", repeated("u", 190));
      return pt(bytes(key, inner), { deflate: true });
    },
  ],
  [
    "subclasses of subclasses, 300,000 deep",
    () => {
      const from = bytes(global("torch._tensor", "_rebuild_from_type_v2"), "q\x000");
      const type = bytes(global("torch", "Tensor"), "q\x010");
      const inner = repeated("q\x020(h\x00h\x01h\x02Nt", 3e5);
      return pt(bytes(from, type, ")", inner, "q\x020h\x00h\x02R"));
    },
  ],
  [
    "encoding of 5 MB",
    () => pt(bytes(global("_codecs", "encode"), "(", text("x"), text("e".repeat(5e6)), "tR")),
  ],
  ["dtype code of 5 MB", () => call("numpy", "dtype", "e".repeat(5e6)), "refuse"],
  ["global name of 5 MB", () => pt(global("m".repeat(5e6), "n".repeat(5e6))), "refuse"],
  [
    "weight name of 5 MB",
    () => one({ type: "FloatStorage", count: 1, shape: [1], strides: [1] }, 4, "w".repeat(5e6)),
  ],
  [
    "zip bomb, 1 GB of zeros as a storage",
    () => {
      const parts = { type: "ByteStorage", count: 2 ** 30, shape: [2 ** 30], strides: [1] };
      return zip([
        { name: "a/data.pkl", data: bytes(0x80, 2, dict(text("x"), tensor(parts)), ".") },
        { name: "a/data/0", data: blank(2 ** 30), deflate: true },
      ]);
    },
    "heavy",
  ],
  ...[0xfffffff0, 100e6].map(
    (size): Row => [
      `zip bomb, entry claims ${size} bytes`,
      () => zip([{ name: "a/data.pkl", data: bytes(0x80, 2, "}."), deflate: true, size }]),
      "refuse",
    ],
  ),
  [
    "overlapping zip entries",
    () => {
      const claims = { offset: 0, packed: 5000, size: 5000 };
      const many = Array.from({ length: 50 }, (_, i) => `a/data/${i}`);
      return zip([
        { name: "a/data.pkl", data: bytes(0x80, 2, "}.") },
        ...many.map((name) => ({ name, data: blank(100), ...claims })),
      ]);
    },
    "refuse",
  ],
  [
    "directory of 65,535 entries that are not there",
    () => {
      const archive = pt("}");
      archive.writeUInt16LE(65_535, archive.length - 12);
      return archive;
    },
    "refuse",
  ],
  ...[
    ...[
      ["marks", "("],
      ["None", "N"],
      ["empty dicts", "}"],
      ["empty lists", "]"],
    ],
    ...[
      ["empty tuples", ")"],
      ["empty sets", "\x8f"],
      ["copies of the top", "N2"],
    ],
  ].map(
    ([what = "", code = ""]): Row => [
      `60 M ${what}, deflated`,
      () => pt(bytes("N", repeated(code, 60e6 / code.length)), { deflate: true }),
    ],
  ),
  [
    "60 M tuples in each other, deflated",
    () => pt(bytes("N", repeated("\x85", 60e6)), { deflate: true }),
  ],
  ["17 M memo entries, deflated", () => pt(bytes("N", repeated("\x94", 17e6)), { deflate: true })],
  [
    "5 M calls, deflated",
    () => {
      const name = bytes(global("collections", "OrderedDict"), "q\x00");
      return pt(bytes(name, repeated("h\x00)R0", 5e6), "N"), { deflate: true });
    },
  ],
  [
    "5 M refused calls, deflated",
    () => {
      const name = bytes(global("torch._utils", "_rebuild_parameter"), "q\x00");
      return pt(bytes(name, repeated("h\x00)R0", 5e6), "N"), { deflate: true });
    },
  ],
  ["3 M empty dicts, plain", () => pt(repeated("}", 3e6))],
  ["3 M lists in a list, plain", () => pt(bytes("](", repeated("]", 3e6), "e"))],
];

const texts: readonly Row[] = [
  ["1e6 open brackets", () => Buffer.from("[".repeat(1e6)), "refuse"],
  ["1e5 nested lists", () => Buffer.from(nest(1e5, "[", "]")), "refuse"],
  [
    "array that claims 4 TB",
    () => Buffer.from('{"$array":{"dtype":"float32","shape":[1099511627776],"data":""}}'),
    "refuse",
  ],
];

const rows: readonly (readonly [Bomb["format"], readonly Row[]])[] = [
  ["safetensors", tensors],
  ["pt", files],
  ["json", texts],
];

export const bombs: readonly Bomb[] = rows.flatMap(([format, list]) =>
  list.map(([name, make, mark]) => ({
    name: `${format}: ${name}`,
    format,
    make,
    heavy: mark === "heavy",
    ...(mark === "refuse" && { must: mark }),
  })),
);
