/** Random changes of bytes and of JSON, drawn from a generator that each case seeds itself. */

export interface Generator {
  /** Uniform in [0, 1). */
  random(): number;
  /** A whole number of 0 to `below` - 1. */
  int(below: number): number;
  pick<T>(list: readonly T[]): T;
}

/** The generator of case `index` of a seed: the same numbers each time, whatever ran before. */
export function generator(seed: number, index: number): Generator {
  let state = (Math.imul(seed >>> 0, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number): number => Math.floor(random() * below);
  return { random, int, pick: (list) => list[int(list.length)] as (typeof list)[number] };
}

/** Values that a field of JSON should not have. */
export const oddities: readonly unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, 1e15, 1e9, 4e9],
  ...["", "x", "NaN", "Infinity", "__proto__", "constructor", "<script>alert(1)</script>"],
  ...["a".repeat(1000), "\u0000", "\ud800", "../../etc/passwd", "a\nb\u001b[2J"],
  ...[[], {}, [null], [[]], { a: 1 }, [1, 2, 3], { length: 1e9 }],
  Object.fromEntries([
    ["__proto__", null],
    ["toString", 1],
  ]),
];

/** Names that mean something to JavaScript, to a format or to a file system. */
export const oddNames: readonly string[] = [
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "length"],
  ...["", "__metadata__", "0", "-1", "\u0000", "../x", "a\nb\u001b[2J"],
];

const words = [0n, 1n, 0xffffffffn, 1n << 40n, 1n << 53n, (1n << 63n) - 1n, (1n << 64n) - 1n];
const bytesOfFormats = [0, 1, 0x7f, 0x80, 0xff, 0x2e, 0x28, 0x5b, 0x7d, 0x22];

/**
 * One to four edits at random places: flipped bits, other bytes, odd lengths, a piece cut, doubled,
 * inserted, the end cut off, or continued as `other` does.
 */
export function mutateBytes(g: Generator, bytes: Uint8Array, other?: Uint8Array): Buffer {
  let out: Buffer = Buffer.from(bytes);
  for (let edits = 1 + g.int(4); edits > 0 && out.length > 0; edits--) {
    out = g.pick(byteEdits)(g, out);
    if (other !== undefined && g.random() < 0.1) {
      const kept = out.subarray(0, g.int(out.length + 1));
      out = Buffer.concat([kept, other.subarray(g.int(other.length))]);
    }
  }
  return out;
}

type Edit = (g: Generator, bytes: Buffer) => Buffer;

function overwrite(g: Generator, bytes: Buffer, value: (old: number) => number): Buffer {
  const at = g.int(bytes.length);
  bytes[at] = value(bytes[at] as number);
  return bytes;
}

/** Replace a piece of at most 40 bytes. */
function replaced(g: Generator, bytes: Buffer, by: (piece: Buffer) => readonly Uint8Array[]) {
  const at = g.int(bytes.length);
  const end = Math.min(bytes.length, at + 1 + g.int(40));
  return Buffer.concat([
    bytes.subarray(0, at),
    ...by(bytes.subarray(at, end)),
    bytes.subarray(end),
  ]);
}

const byteEdits: readonly Edit[] = [
  (g, bytes) => overwrite(g, bytes, (old) => old ^ (1 << g.int(8))),
  (g, bytes) => overwrite(g, bytes, () => g.int(256)),
  (g, bytes) => overwrite(g, bytes, () => g.pick(bytesOfFormats)),
  (g, bytes) => bytes.subarray(0, g.int(bytes.length)),
  (g, bytes) =>
    replaced(g, bytes, (piece) => [
      Buffer.from(Array.from({ length: 1 + g.int(9) }, () => g.int(256))),
      piece,
    ]),
  (g, bytes) => replaced(g, bytes, (piece) => [piece, piece]),
  (g, bytes) => replaced(g, bytes, () => []),
  (g, bytes) => {
    if (bytes.length < 8) return bytes;
    const at = g.int(bytes.length - 7);
    const value = g.random() < 0.2 ? BigInt(g.int(2 ** 31)) : g.pick(words);
    if (g.random() < 0.5) bytes.writeBigUInt64LE(value, at);
    else bytes.writeUInt32LE(Number(value & 0xffffffffn), at);
    return bytes;
  },
];

/** A copy of parsed JSON with one place changed, dropped or added. */
export function mutateJson(g: Generator, value: unknown, depth = 0): unknown {
  const simple = value === null || typeof value !== "object";
  if (simple || (depth > 0 && g.random() < 0.12)) return otherValue(g, value);
  const entries = Object.entries(value);
  if (entries.length === 0) return g.pick(oddities);
  const at = g.int(entries.length);
  const [key, inner] = entries[at] as [string, unknown];
  const kind = g.int(6);
  if (kind === 0) entries.splice(at, 1);
  else if (kind === 1)
    entries.push([g.pick(oddNames), g.random() < 0.5 ? inner : g.pick(oddities)]);
  else entries[at] = [key, mutateJson(g, inner, depth + 1)];
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

function otherValue(g: Generator, value: unknown): unknown {
  if (typeof value !== "number" || g.random() < 0.7) return structuredClone(g.pick(oddities));
  return g.pick([value + 1, -value, value * 1e6, value + 0.5, String(value)]);
}

/** Whether something was added to what every object inherits. */
export function polluted(): boolean {
  const shared = [Object.prototype, Array.prototype, Map.prototype, String.prototype];
  return shared.some((prototype) => Object.keys(prototype).length > 0);
}
