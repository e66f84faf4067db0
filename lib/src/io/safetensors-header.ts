/** The JSON header of a safetensors file, read as strictly as the reference implementation does. */

import { InputError, UnknownNameError } from "../core/errors.ts";
import { printable } from "../core/text.ts";
import { type ElementType, elements } from "./elements.ts";
import { JsonScanner } from "./json-scanner.ts";

/** One array of the file: its type as stored, its shape, and where its bytes lie among the data. */
export interface HeaderEntry {
  readonly type: ElementType | UnreadType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** What a header says. */
export interface Header {
  readonly entries: ReadonlyMap<string, HeaderEntry>;
  readonly metadata: { readonly [key: string]: string };
}

export const METADATA = "__metadata__";
const where = "safetensors";
const MOST_ARRAYS = 50_000;
const MOST_AXES = 64;

/** Types of the format that no array here can hold, with their bits per element. */
export const unreadTypes = {
  C64: { bits: 64, kind: "complex numbers" },
  F8_E5M2: { bits: 8, kind: "8-bit floating-point numbers" },
  F8_E4M3: { bits: 8, kind: "8-bit floating-point numbers" },
  F8_E5M2FNUZ: { bits: 8, kind: "8-bit floating-point numbers" },
  F8_E4M3FNUZ: { bits: 8, kind: "8-bit floating-point numbers" },
  F8_E8M0: { bits: 8, kind: "8-bit floating-point numbers" },
  F6_E2M3: { bits: 6, kind: "6-bit floating-point numbers" },
  F6_E3M2: { bits: 6, kind: "6-bit floating-point numbers" },
  F4: { bits: 4, kind: "4-bit floating-point numbers" },
} as const;
export type UnreadType = keyof typeof unreadTypes;

export function isUnread(type: string): type is UnreadType {
  return Object.hasOwn(unreadTypes, type);
}

/**
 * Read a header. Throws `InputError` for text that is not JSON, a name given twice, sizes that are not
 * whole numbers, metadata that are not texts, and byte ranges that do not fit type and shape.
 */
export function readHeader(text: string): Header {
  const scanner = new JsonScanner(`${where}: the header`, text);
  if (scanner.peek() !== "{") {
    scanner.skip();
    throw new InputError(`${where}: the header is not a JSON object`);
  }
  const entries = new Map<string, HeaderEntry>();
  let metadata: Header["metadata"] | undefined;
  scanner.object((name) => {
    if (entries.has(name) || (name === METADATA && metadata !== undefined)) throw twice(name);
    if (name === METADATA) metadata = readMetadata(scanner);
    else entries.set(name, readEntry(`${where}: ${printable(name)}`, scanner));
    if (entries.size > MOST_ARRAYS) {
      throw new InputError(`${where}: the header names more than ${MOST_ARRAYS} arrays`);
    }
  });
  scanner.end();
  return { entries, metadata: metadata ?? {} };
}

function twice(name: string): InputError {
  return new InputError(
    `${where}: the header names ${printable(name)} twice; names must be unique, the file is corrupt`,
  );
}

function readMetadata(scanner: JsonScanner): Header["metadata"] {
  if (scanner.takeNull()) return {};
  const texts = new Map<string, string>();
  const refused = new InputError(`${where}: ${METADATA} is not an object of texts`);
  if (scanner.peek() !== "{") throw refused;
  scanner.object((key) => {
    if (scanner.peek() !== '"') throw refused;
    if (texts.has(key)) throw twice(`${METADATA}.${key}`);
    texts.set(key, scanner.string());
  });
  return Object.fromEntries(texts);
}

/** Fields of an entry that are read; others are left. */
interface Fields {
  dtype?: string;
  shape?: readonly number[];
  offsets?: readonly number[];
}

function readEntry(at: string, scanner: JsonScanner): HeaderEntry {
  if (scanner.peek() !== "{") throw new InputError(`${at}: the header entry is not an object`);
  const found: Fields = {};
  const seen = new Set<string>();
  scanner.object((field) => {
    if (field !== "dtype" && field !== "shape" && field !== "data_offsets") return scanner.skip();
    if (seen.has(field)) throw new InputError(`${at}: the header entry has two fields ${field}`);
    seen.add(field);
    if (field === "shape") found.shape = counts(scanner, `${at}: the shape is not a list of sizes`);
    else if (field === "dtype") found.dtype = dtypeText(at, scanner);
    else found.offsets = counts(scanner, `${at}: data_offsets is not a pair of offsets`);
  });
  return checked(at, found);
}

function dtypeText(at: string, scanner: JsonScanner): string {
  if (scanner.peek() !== '"') throw new InputError(`${at}: the dtype is not a text`);
  return scanner.string();
}

/** A list of whole numbers, at most as many as arrays have axes. */
function counts(scanner: JsonScanner, refusal: string): readonly number[] {
  const out: number[] = [];
  if (scanner.peek() !== "[") throw new InputError(refusal);
  scanner.list(() => {
    const count = scanner.whole();
    if (count === undefined || !Number.isSafeInteger(count)) throw new InputError(refusal);
    if (out.push(count) > MOST_AXES) {
      throw new InputError(`${refusal}: more than ${MOST_AXES} numbers`);
    }
  });
  return out;
}

function checked(at: string, { dtype, shape, offsets }: Fields): HeaderEntry {
  if (dtype === undefined) throw new InputError(`${at}: the header entry has no dtype`);
  if (!isElementType(dtype) && !isUnread(dtype)) {
    throw new UnknownNameError(at, "dtype", dtype, Object.keys(elements));
  }
  if (shape === undefined) throw new InputError(`${at}: the shape is not a list of sizes`);
  const [start, end] = offsets ?? [];
  if (start === undefined || end === undefined || offsets?.length !== 2) {
    throw new InputError(`${at}: data_offsets is not a pair of offsets`);
  }
  const bits = isElementType(dtype) ? 8 * elements[dtype].bytes : unreadTypes[dtype].bits;
  const bytes = (shape.reduce((size, axis) => checkedProduct(at, size, axis), 1) * bits) / 8;
  if (end - start !== bytes) {
    throw new InputError(
      `${at}: ${dtype} of shape [${shape}] takes ${bytes} bytes, data_offsets [${offsets}] hold ${end - start}`,
    );
  }
  return { type: dtype, shape, start, end };
}

function checkedProduct(at: string, size: number, axis: number): number {
  const product = size * axis;
  if (Number.isSafeInteger(product)) return product;
  throw new InputError(`${at}: the shape has more than ${Number.MAX_SAFE_INTEGER} elements`);
}

function isElementType(name: string): name is ElementType {
  return Object.hasOwn(elements, name);
}
