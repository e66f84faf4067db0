/**
 * Checkpoints as zip archives (PyTorch 1.6 and later): `NAME/data.pkl`, `NAME/data/KEY`.
 * Source: PyTorch, torch/serialization.py, `_load`.
 */

import { InputError } from "../../core/errors.ts";
import type { Budget } from "../budget.ts";
import { ByteReader, latin1 } from "../byte-reader.ts";
import { elements } from "../elements.ts";
import { readPickle } from "../pickle/read-pickle.ts";
import { ZipArchive } from "../zip.ts";
import { persistentStorage } from "./persistent.ts";
import { torchGlobal } from "./torch-globals.ts";

const PICKLE = "data.pkl";

/** What the pickle built; its storages hold their bytes. */
export function readZipped(bytes: Uint8Array, budget: Budget): unknown {
  const archive = new ZipArchive("pt", bytes, budget);
  const pickle = archive.names().find((name) => name === PICKLE || name.endsWith(`/${PICKLE}`));
  if (pickle === undefined) {
    throw new InputError(`pt: the archive has no ${PICKLE}; it is not a PyTorch checkpoint`);
  }
  const prefix = pickle.slice(0, -PICKLE.length);
  const order = `${prefix}byteorder`;
  if (archive.has(order) && latin1(archive.read(order)) !== "little") {
    throw new InputError("pt: the file is big-endian; save it on a little-endian machine");
  }
  const contents = new Map<string, Uint8Array>();
  return readPickle("pt", new ByteReader("pt", archive.read(pickle)), {
    global: torchGlobal,
    spend: (copied) => budget.spend("pt: the pickle", copied),
    persistent: (id) => {
      const { storage, length } = persistentStorage(id);
      const bytesOf = contents.get(storage.key) ?? archive.read(`${prefix}data/${storage.key}`);
      contents.set(storage.key, bytesOf);
      const needed = length * (storage.type === undefined ? 1 : elements[storage.type].bytes);
      if (bytesOf.length < needed) {
        throw new InputError(
          `pt: storage ${storage.key} has ${bytesOf.length} bytes, its ${length} elements need ${needed}`,
        );
      }
      storage.bytes = bytesOf;
      return storage;
    },
  });
}
