/**
 * Reading zip archives held in memory, zip64 included: stored and deflated entries.
 * Source: PKWARE, APPNOTE.TXT 6.3.
 */

import { inflateSync } from "fflate";
import { crc32 } from "../core/crc32.ts";
import { InputError } from "../core/errors.ts";
import type { Budget } from "./budget.ts";
import { ByteReader, latin1 } from "./byte-reader.ts";

interface Entry {
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Offset of the local header. */
  readonly at: number;
}

/** Sections of the archive, by their signatures. */
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65535;
/** Means "in the zip64 record". */
const ELSEWHERE = 0xffffffff;
/** What PyTorch writes when told not to compute checksums. */
const NO_CHECKSUM = 0;

/** True when the bytes begin as a zip archive does. */
export function looksLikeZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && latin1(bytes.subarray(0, 4)) === "PK\x03\x04";
}

/** The entries of an archive; their bytes are unpacked and checked when asked for. */
export class ZipArchive {
  private readonly where: string;
  private readonly bytes: Uint8Array;
  private readonly budget: Budget;
  private readonly entries: ReadonlyMap<string, Entry>;

  /** Throws `InputError` (opened by `where`) when the directory is missing or broken. */
  constructor(where: string, bytes: Uint8Array, budget: Budget) {
    this.where = where;
    this.bytes = bytes;
    this.budget = budget;
    this.entries = readDirectory(where, bytes);
  }

  names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** The bytes of an entry: a view when it is stored plainly. Throws `InputError`. */
  read(name: string): Uint8Array {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new InputError(`${this.where}: the archive has no ${name}`);
    const reader = new ByteReader(`${this.where}: ${name}`, this.bytes);
    reader.skip(entry.at);
    if (reader.uint32() !== LOCAL) {
      throw new InputError(`${this.where}: ${name} does not start where the directory says`);
    }
    reader.skip(22);
    const nameLength = reader.uint16();
    reader.skip(nameLength + reader.uint16());
    const contents = this.unpack(name, entry, reader.take(entry.packed));
    if (entry.crc !== NO_CHECKSUM && crc32(contents) !== entry.crc) {
      throw new InputError(`${this.where}: ${name} fails its checksum; the file is corrupt`);
    }
    return contents;
  }

  private unpack(name: string, { method, packed, size }: Entry, raw: Uint8Array): Uint8Array {
    if (method === 0 && packed === size) return raw;
    if (method !== 8) {
      throw new InputError(
        `${this.where}: ${name} is packed with method ${method}; only plain and deflated entries can be read`,
      );
    }
    this.budget.spend(`${this.where}: ${name}`, size);
    const contents = inflated(raw, size);
    if (contents?.length !== size) {
      throw new InputError(`${this.where}: ${name} does not unpack; the file is corrupt`);
    }
    return contents;
  }
}

/** At most `size` bytes, or undefined when the data are not deflated. */
function inflated(raw: Uint8Array, size: number): Uint8Array | undefined {
  try {
    return inflateSync(raw, { out: new Uint8Array(size) });
  } catch {
    return undefined;
  }
}

function readDirectory(where: string, bytes: Uint8Array): Map<string, Entry> {
  const { count, start } = findDirectory(where, bytes);
  const reader = new ByteReader(`${where}: directory`, bytes);
  reader.skip(start);
  const entries = new Map<string, Entry>();
  for (let i = 0; i < count; i++) {
    if (reader.uint32() !== CENTRAL) {
      throw new InputError(`${where}: entry ${i} of the zip directory is broken`);
    }
    const [name, entry] = readCentral(where, reader);
    if (entries.has(name)) throw new InputError(`${where}: the archive has ${name} twice`);
    entries.set(name, entry);
  }
  const total = entries.values().reduce((sum, { packed }) => sum + packed, 0);
  if (total > bytes.length) {
    throw new InputError(
      `${where}: the entries of the archive take ${total} bytes, the file has ${bytes.length}; they overlap`,
    );
  }
  return entries;
}

function readCentral(where: string, reader: ByteReader): [string, Entry] {
  reader.skip(6);
  const method = reader.uint16();
  reader.skip(4);
  const crc = reader.uint32();
  const packed = reader.uint32();
  const size = reader.uint32();
  const nameLength = reader.uint16();
  const extraLength = reader.uint16();
  const commentLength = reader.uint16();
  reader.skip(8);
  const at = reader.uint32();
  const name = reader.text(nameLength);
  const wide = widened(new ByteReader(where, reader.take(extraLength)), [size, packed, at]);
  reader.skip(commentLength);
  return [name, { method, crc, size: wide[0], packed: wide[1], at: wide[2] }];
}

/** Replace each value that is kept in the zip64 record (extra field 1), in order. */
function widened(extra: ByteReader, values: [number, number, number]): [number, number, number] {
  while (extra.bytes.length - extra.at >= 4) {
    const id = extra.uint16();
    const length = extra.uint16();
    if (id !== 1) {
      extra.skip(length);
      continue;
    }
    const next = (value: number): number => (value === ELSEWHERE ? extra.uint64() : value);
    return [next(values[0]), next(values[1]), next(values[2])];
  }
  return values;
}

function findDirectory(where: string, bytes: Uint8Array): { count: number; start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = bytes.length - END_BYTES;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
    if (view.getUint32(at, true) !== END) continue;
    const locator = at - 20;
    if (locator >= 0 && view.getUint32(locator, true) === LOCATOR_64) {
      return findDirectory64(where, bytes, locator);
    }
    return { count: view.getUint16(at + 10, true), start: view.getUint32(at + 16, true) };
  }
  throw new InputError(`${where}: the file is truncated: the directory at its end is missing`);
}

function findDirectory64(where: string, bytes: Uint8Array, locator: number) {
  const reader = new ByteReader(`${where}: directory`, bytes);
  reader.skip(locator + 8);
  const at = reader.uint64();
  reader.at = 0;
  reader.skip(at);
  if (reader.uint32() !== END_64) {
    throw new InputError(`${where}: the zip64 record of the directory is missing`);
  }
  reader.skip(28);
  const count = reader.uint64();
  reader.skip(8);
  return { count, start: reader.uint64() };
}
