/** Arguments of the functions that a checkpoint calls, checked. */

import { fromLatin1 } from "../byte-reader.ts";
import { PyTuple, Refusal } from "../pickle/values.ts";

/** The refusal of a value that does not have the form it must have. */
export function malformed(what: string): Refusal {
  return new Refusal(`is corrupt: ${what}`);
}

/** A tuple of counts, e.g. a shape. */
export function counts(what: string, value: unknown): number[] {
  const items = value instanceof PyTuple ? value.items : undefined;
  if (items === undefined || items.length > 64) throw malformed(`${what} is not a tuple of sizes`);
  return items.map((item) => count(what, item));
}

/** An integer of at least 0. */
export function count(what: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw malformed(`${what} is not a count`);
  }
  return value;
}

/** Bytes, or the text of one character per byte that Python 2 wrote for them. */
export function rawBytes(what: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const bytes = typeof value === "string" ? fromLatin1(value) : undefined;
  if (bytes === undefined) throw malformed(`${what} is not bytes`);
  return bytes;
}
