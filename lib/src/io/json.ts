/**
 * Plain data with arrays in it as JSON text, and back: every number exactly, NaN, infinities and -0
 * included. Arrays are base64 of their little-endian bytes with dtype and shape. The same data give
 * the same text; the order of keys is kept.
 */

import { InputError } from "../core/errors.ts";
import { bytesPerElement, type DType, type NdArray, nd, sizeOf, zerosOf } from "../core/nd.ts";
import { fromLatin1 } from "./byte-reader.ts";

/** What `encodeJson` takes and `decodeJson` gives. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | NdArray
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** An object with one of these keys alone stands for something that JSON lacks. */
const ARRAY = "$array";
const NUMBER = "$number";
/** Wraps an object of the user's that would read as one of the above. */
const OBJECT = "$object";
const DEEPEST = 200;

const specialNumbers: { readonly [text: string]: number } = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/** JSON text on one line. Throws `InputError` for what is not plain data (functions, classes). */
export function encodeJson(value: unknown): string {
  return JSON.stringify(encoded(value, "the value", 0));
}

/** Inverse of `encodeJson`; plain JSON is read too. Throws `InputError`. */
export function decodeJson(text: string): JsonValue {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new InputError("decodeJson: the text is not JSON; it may be truncated");
  }
  return decoded(parsed, 0);
}

/**
 * Whether a value is an `NdArray`: dtype, shape and a typed array, and nothing else. An array of a file
 * that cannot be had (see `readSafetensors`) is one too.
 */
export function isNdArray(value: unknown): value is NdArray {
  return (
    isObject(value) &&
    Object.keys(value).length === 3 &&
    !isComputed(value, "dtype") &&
    typeof value.dtype === "string" &&
    Object.hasOwn(bytesPerElement, value.dtype) &&
    Array.isArray(value.shape) &&
    (isComputed(value, "data") || ArrayBuffer.isView(value.data))
  );
}

/** Whether reading the field runs code. */
function isComputed(value: object, field: string): boolean {
  return Object.getOwnPropertyDescriptor(value, field)?.get !== undefined;
}

function encoded(value: unknown, path: string, depth: number): unknown {
  if (depth > DEEPEST) throw tooDeep("encodeJson");
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return encodedNumber(value);
  if (Array.isArray(value))
    return value.map((item, i) => encoded(item, `${path}[${i}]`, depth + 1));
  if (isNdArray(value)) return encodedArray(value);
  if (!isPlainObject(value)) {
    throw new InputError(`encodeJson: ${path} is ${kindOf(value)}; only plain data can be saved`);
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  const out = Object.fromEntries(
    fields.map(([key, field]) => [key, encoded(field, `${path}.${key}`, depth + 1)]),
  );
  return isMarked(out) ? { [OBJECT]: out } : out;
}

function encodedNumber(value: number): unknown {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return { [NUMBER]: Object.is(value, -0) ? "-0" : String(value) };
}

function encodedArray({ dtype, shape, data }: NdArray): unknown {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { [ARRAY]: [dtype, shape, base64(bytes)] };
}

const digits = new TextEncoder().encode(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
);

/** Base64 with padding; by hand, since a text of all bytes for `btoa` takes three times as long. */
function base64(bytes: Uint8Array): string {
  const out = new Uint8Array(4 * Math.ceil(bytes.length / 3));
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const [a = 0, b = 0, c = 0] = [bytes[from], bytes[from + 1], bytes[from + 2]];
    out[to] = digits[a >> 2] as number;
    out[to + 1] = digits[((a & 3) << 4) | (b >> 4)] as number;
    out[to + 2] = digits[((b & 15) << 2) | (c >> 6)] as number;
    out[to + 3] = digits[c & 63] as number;
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  out.fill(61, out.length - padding);
  return new TextDecoder().decode(out);
}

function decoded(value: unknown, depth: number): JsonValue {
  if (depth > DEEPEST) throw tooDeep("decodeJson");
  if (Array.isArray(value)) return value.map((item) => decoded(item, depth + 1));
  if (!isObject(value)) return value as JsonValue;
  if (isMarked(value)) {
    if (ARRAY in value) return decodedArray(value[ARRAY]);
    if (NUMBER in value) return decodedNumber(value[NUMBER]);
    return decodedFields(value[OBJECT], depth);
  }
  return decodedFields(value, depth);
}

function decodedFields(value: unknown, depth: number): JsonValue {
  if (!isObject(value)) throw malformed(OBJECT);
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, decoded(field, depth + 1)]),
  );
}

function decodedNumber(text: unknown): number {
  const known = typeof text === "string" && Object.hasOwn(specialNumbers, text);
  if (!known) throw malformed(NUMBER);
  return specialNumbers[text] as number;
}

function decodedArray(parts: unknown): NdArray {
  const [dtype, shape, text] = Array.isArray(parts) && parts.length === 3 ? parts : [];
  const shapeHolds = Array.isArray(shape) && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!isDType(dtype) || !shapeHolds || typeof text !== "string") throw malformed(ARRAY);
  const bytes = fromBase64(text);
  if (bytes?.length !== sizeOf(shape) * bytesPerElement[dtype]) throw malformed(ARRAY);
  const data = zerosOf(dtype, sizeOf(shape));
  new Uint8Array(data.buffer).set(bytes);
  return nd(dtype, shape, data);
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return fromLatin1(atob(text));
  } catch {
    return undefined;
  }
}

function malformed(marker: string): InputError {
  return new InputError(`decodeJson: an entry marked ${marker} is not valid; the file is corrupt`);
}

function tooDeep(where: string): InputError {
  return new InputError(`${where}: the data are nested more than ${DEEPEST} deep`);
}

function isDType(name: unknown): name is DType {
  return typeof name === "string" && Object.hasOwn(bytesPerElement, name);
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPlainObject(value: unknown): value is { readonly [key: string]: unknown } {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether an object is one of the three markers, or would read as one. */
function isMarked(value: { readonly [key: string]: unknown }): boolean {
  const [key, ...rest] = Object.keys(value);
  return rest.length === 0 && (key === ARRAY || key === NUMBER || key === OBJECT);
}

function kindOf(value: unknown): string {
  if (!isObject(value)) return `a ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? "?"}`;
}
