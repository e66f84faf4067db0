/**
 * safetensors files: eight bytes of header length, a JSON header, the arrays.
 * Source: https://huggingface.co/docs/safetensors (format); the writer gives the bytes of the
 * reference implementation: wider types first, then by name, the header padded to 8 bytes.
 */

import { InputError } from "../core/errors.ts";
import { type DType, type NdArray, sizeOf } from "../core/nd.ts";
import { checkOptions } from "../core/options.ts";
import { printable } from "../core/text.ts";
import { Budget, type ReadOptions } from "./budget.ts";
import { ByteReader } from "./byte-reader.ts";
import { decode, type ElementType, elements, rowMajor } from "./elements.ts";
import { unreadableArray } from "./lazy-array.ts";
import {
  type Header,
  type HeaderEntry,
  isUnread,
  METADATA,
  readHeader,
  unreadTypes,
} from "./safetensors-header.ts";

/** Arrays by name. */
export type NamedArrays = { readonly [name: string]: NdArray };

/** What a safetensors file holds. */
export interface Safetensors {
  readonly arrays: NamedArrays;
  /** The texts under `__metadata__`; empty when there are none. */
  readonly metadata: { readonly [key: string]: string };
}

const where = "safetensors";
const LARGEST_HEADER = 100_000_000;

/** How each type in memory is stored, widest first (the order of the arrays in the file). */
const stored: { readonly [D in DType]: { readonly type: ElementType; readonly order: number } } = {
  float64: { type: "F64", order: 0 },
  float32: { type: "F32", order: 1 },
  uint32: { type: "U32", order: 2 },
  int32: { type: "I32", order: 3 },
  bool: { type: "BOOL", order: 4 },
};

/**
 * The arrays and texts of a file. F16 and BF16 become float32, small integers int32. An array that no
 * dtype here can hold (64-bit integers beyond 32 bits, 8-bit floats, complex numbers) has its shape, and
 * its `data` throws `InputError` when read. Arrays must fill the data without gaps or overlaps, and
 * names must be unique. Throws `InputError`.
 */
export function readSafetensors(bytes: Uint8Array, options: ReadOptions = {}): Safetensors {
  checkOptions("readSafetensors", options, { maxBytes: true });
  const length = headerLength(bytes, bytes.length);
  const reader = new ByteReader(where, bytes);
  reader.skip(8);
  const { entries, metadata } = readHeader(reader.text(length));
  const data = bytes.subarray(8 + length);
  checkCover(entries, data.length);
  const budget = new Budget(bytes.length, options);
  const arrays = [...entries].map(
    ([name, entry]) => [name, decoded(name, entry, data, budget)] as const,
  );
  return { arrays: Object.fromEntries(arrays), metadata };
}

/** The length of the header, which must fit a file of `size` bytes. */
function headerLength(start: Uint8Array, size: number): number {
  const length = new ByteReader(where, start).uint64();
  if (length <= LARGEST_HEADER && length <= size - 8) return length;
  throw new InputError(
    `${where}: the header length ${length} is beyond the file's ${size} bytes; this is not a safetensors file or it is truncated`,
  );
}

/**
 * Looks at how a file of `size` bytes begins (512 bytes are enough), before the rest is read.
 * @throws InputError for what is no safetensors file.
 */
export function checkSafetensorsStart(start: Uint8Array, size: number): void {
  const length = headerLength(start, size);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(start.subarray(8, 8 + length));
  if (!/^\s*\{/.test(text)) readHeader(text);
}

function decoded(name: string, entry: HeaderEntry, data: Uint8Array, budget: Budget): NdArray {
  const { type, shape, start, end } = entry;
  const at = `${where}: ${printable(name)}`;
  if (isUnread(type)) {
    const { kind } = unreadTypes[type];
    return unreadableArray(
      "float32",
      shape,
      new InputError(`${at}: ${kind} (${type}) are not supported; save them as F32 first`),
    );
  }
  const layout = { shape, offset: 0, strides: rowMajor(shape) };
  try {
    return decode(at, type, data.subarray(start, end), layout, budget);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return unreadableArray(elements[type].dtype, shape, error);
  }
}

/** A file with the arrays and texts; the same arguments give the same bytes. */
export function writeSafetensors(
  arrays: NamedArrays,
  metadata: { readonly [key: string]: string } = {},
): Uint8Array {
  const names = Object.keys(arrays).sort((a, b) => {
    const [x, y] = [arrays[a], arrays[b]] as [NdArray, NdArray];
    return stored[x.dtype].order - stored[y.dtype].order || (a < b ? -1 : 1);
  });
  let end = 0;
  const fields = names.map((name) => {
    const array = arrays[name] as NdArray;
    checkWritable(name, array);
    const start = end;
    end += array.data.byteLength;
    const field = {
      dtype: stored[array.dtype].type,
      shape: array.shape,
      data_offsets: [start, end],
    };
    return `${JSON.stringify(name)}:${JSON.stringify(field)}`;
  });
  const texts = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (texts.length > 0) {
    fields.unshift(`"${METADATA}":${JSON.stringify(Object.fromEntries(texts))}`);
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const padded = Math.ceil(header.length / 8) * 8;
  const out = new Uint8Array(8 + padded + end).fill(0x20, 8, 8 + padded);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.set(header, 8);
  let at = 8 + padded;
  for (const name of names) {
    const { data } = arrays[name] as NdArray;
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

function checkCover(entries: Header["entries"], length: number): void {
  let covered = 0;
  const order = [...entries].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  for (const [name, { start, end }] of order) {
    if (start !== covered || end > length) {
      const rule =
        end > length ? `ends beyond the ${length} bytes of data` : "overlaps or leaves a gap";
      throw new InputError(`${where}: ${printable(name)}: data_offsets [${start},${end}] ${rule}`);
    }
    covered = end;
  }
  if (covered !== length) {
    throw new InputError(
      `${where}: the arrays fill ${covered} of ${length} bytes of data; the file is corrupt`,
    );
  }
}

function checkWritable(name: string, { shape, data }: NdArray): void {
  if (name === METADATA) throw new InputError(`${where}: an array cannot be named ${METADATA}`);
  if (data.length !== sizeOf(shape)) {
    throw new InputError(
      `${where}: ${name}: shape [${shape}] holds ${sizeOf(shape)} numbers, got ${data.length}`,
    );
  }
}
