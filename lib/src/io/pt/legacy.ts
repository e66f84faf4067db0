/**
 * Checkpoints written before PyTorch 1.6 (or with `_use_new_zipfile_serialization=False`): four
 * pickles of any protocol, a list of storage keys, the storages.
 * Source: PyTorch, torch/serialization.py, `_legacy_load`.
 */

import { InputError } from "../../core/errors.ts";
import { PickleBudget } from "../budget.ts";
import { ByteReader } from "../byte-reader.ts";
import { readPickle } from "../pickle/read-pickle.ts";
import { PyList } from "../pickle/values.ts";
import { persistentStorage, type Storages } from "./persistent.ts";
import type { Storage } from "./tensor-ref.ts";
import { torchGlobal } from "./torch-globals.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
/** More than the pickle of the magic number takes in any protocol. */
const LONGEST_MAGIC = 64;

/** True when the first pickle is PyTorch's magic number, in any protocol. */
export function looksLegacy(bytes: Uint8Array): boolean {
  const first = bytes.subarray(0, LONGEST_MAGIC);
  try {
    return readPickle("pt", new ByteReader("pt", first), nothing) === MAGIC;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** A number needs no names. */
const nothing = { global: () => null, persistent: () => null, spend: () => {} };

/** What the pickle built; its storages hold their bytes. */
export function readLegacy(bytes: Uint8Array): unknown {
  const reader = new ByteReader("pt", bytes);
  const storages: Storages = new Map();
  const spent = new PickleBudget(bytes.length);
  const host = {
    global: torchGlobal,
    spend: (taken: number) => spent.spend(taken),
    persistent: (id: unknown) => persistentStorage(id, storages, false),
  };
  const next = (): unknown => readPickle("pt", reader, host);
  // The magic number, the version and the system: the bytes are little-endian whatever it says.
  for (let i = 0; i < 3; i++) next();
  const root = next();
  const keys = next();
  if (!(keys instanceof PyList)) throw corrupt("the list of storages is missing");
  for (const key of keys.items)
    readStorage(reader, typeof key === "string" ? storages.get(key) : undefined);
  return root;
}

function readStorage(reader: ByteReader, storage: Storage | undefined): void {
  if (storage === undefined) throw corrupt("a storage is not used by any tensor");
  const length = reader.uint64();
  const bytes = reader.take(length * storage.element.bytes);
  storage.source = () => bytes;
}

function corrupt(what: string): InputError {
  return new InputError(`pt: the file is corrupt: ${what}`);
}
