/** Parts of hostile files: pickles, PyTorch archives, safetensors. */

import { zip } from "./zip-archives.ts";

/** Bytes, and texts of one character per byte. */
export function bytes(...parts: readonly (number | string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === "number") return Buffer.from([part]);
      return typeof part === "string" ? Buffer.from(part, "latin1") : part;
    }),
  );
}

export function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
}

export function uint64(value: bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(value);
  return out;
}

/** One part again and again. */
export function repeated(part: string, count: number): Buffer {
  return Buffer.alloc(part.length * count, part, "latin1");
}

/** BINUNICODE. */
export function text(value: string): Buffer {
  const encoded = Buffer.from(value);
  return bytes("X", uint32(encoded.length), encoded);
}

function integer(value: number): Buffer {
  return value < 2 ** 31 ? bytes("J", uint32(value)) : bytes(0x8a, 8, uint64(BigInt(value)));
}

export function global(module: string, name: string): string {
  return `c${module}\n${name}\n`;
}

export function dict(...pairs: readonly Uint8Array[]): Buffer {
  return bytes("}(", ...pairs, "u");
}

function tuple(items: readonly Uint8Array[]): Buffer {
  return bytes("(", ...items, "t");
}

export interface TensorParts {
  readonly type: string;
  readonly key?: string;
  readonly count: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A call of `_rebuild_tensor_v2`. */
export function tensor({ type, key = "0", count, shape, strides }: TensorParts): Buffer {
  const storage = bytes(
    ...["(", text("storage"), global("torch", type), text(key), text("cpu"), integer(count), "tQ"],
  );
  return bytes(
    ...[global("torch._utils", "_rebuild_tensor_v2"), "(", storage, integer(0)],
    ...[tuple(shape.map(integer)), tuple(strides.map(integer)), 0x89],
    ...[global("collections", "OrderedDict"), ")RtR"],
  );
}

/** An archive of a pickle and storages. */
export function pt(
  pickle: string | Uint8Array,
  { deflate = false, data = {} }: { deflate?: boolean; data?: Record<string, Buffer> } = {},
): Buffer {
  return zip([
    { name: "a/data.pkl", data: bytes(0x80, 2, pickle, "."), deflate },
    ...Object.entries(data).map(([key, contents]) => ({ name: `a/data/${key}`, data: contents })),
  ]);
}

/** A safetensors file; its header may claim another length. */
export function safetensors(
  header: unknown,
  data: Uint8Array = Buffer.alloc(0),
  length?: bigint,
): Buffer {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  return bytes(uint64(length ?? BigInt(json.length)), json, data);
}
