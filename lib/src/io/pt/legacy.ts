/**
 * Checkpoints written before PyTorch 1.6 (or with `_use_new_zipfile_serialization=False`): four
 * pickles, a list of storage keys, the storages.
 * Source: PyTorch, torch/serialization.py, `_legacy_load`.
 */

import { InputError } from "../../core/errors.ts";
import type { Budget } from "../budget.ts";
import { ByteReader } from "../byte-reader.ts";
import { elements } from "../elements.ts";
import { readPickle } from "../pickle/read-pickle.ts";
import { PyDict, PyList } from "../pickle/values.ts";
import { malformed } from "./args.ts";
import { persistentStorage } from "./persistent.ts";
import type { Storage } from "./tensor-ref.ts";
import { torchGlobal } from "./torch-globals.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
/** Protocol 2 and an integer of ten bytes: how every such file begins. */
const BEGINNING = [0x80, 0x02, 0x8a, 0x0a];

export function looksLegacy(bytes: Uint8Array): boolean {
  return BEGINNING.every((byte, i) => i === 1 || bytes[i] === byte);
}

/** What the pickle built; its storages hold their bytes. */
export function readLegacy(bytes: Uint8Array, budget: Budget): unknown {
  const reader = new ByteReader("pt", bytes);
  const storages = new Map<string, Storage>();
  const host = {
    global: torchGlobal,
    spend: (copied: number) => budget.spend("pt: the pickle", copied),
    persistent: (id: unknown) => {
      const { storage } = persistentStorage(id);
      const known = storages.get(storage.key);
      if (known !== undefined) return known;
      storages.set(storage.key, storage);
      return storage;
    },
  };
  const next = (): unknown => readPickle("pt", reader, host);
  if (next() !== MAGIC) throw malformed("the magic number is not PyTorch's");
  next();
  const system = next();
  if (!(system instanceof PyDict && system.entries.get("little_endian") === true)) {
    throw new InputError("pt: the file is big-endian; save it on a little-endian machine");
  }
  const root = next();
  const keys = next();
  if (!(keys instanceof PyList)) throw malformed("the list of storages is missing");
  for (const key of keys.items) readStorage(reader, storages.get(String(key)));
  return root;
}

function readStorage(reader: ByteReader, storage: Storage | undefined): void {
  if (storage === undefined) throw malformed("a storage is not used by any tensor");
  const length = reader.uint64();
  storage.bytes = reader.take(
    length * (storage.type === undefined ? 1 : elements[storage.type].bytes),
  );
}
