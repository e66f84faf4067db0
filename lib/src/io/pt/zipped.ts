/**
 * Checkpoints as zip archives (PyTorch 1.6 and later): `NAME/data.pkl`, `NAME/data/KEY`.
 * Source: PyTorch, torch/serialization.py, `_load`.
 */

import { InputError } from "../../core/errors.ts";
import { shown } from "../../core/text.ts";
import { type Budget, PickleBudget } from "../budget.ts";
import { ByteReader, latin1 } from "../byte-reader.ts";
import { readPickle } from "../pickle/read-pickle.ts";
import { ZipArchive } from "../zip.ts";
import { persistentStorage, type Storages } from "./persistent.ts";
import type { Storage } from "./tensor-ref.ts";
import { torchGlobal } from "./torch-globals.ts";

const PICKLE = "data.pkl";

/** What the pickle built; its storages are unpacked when their bytes are asked for. */
export function readZipped(bytes: Uint8Array, budget: Budget): unknown {
  const archive = new ZipArchive("pt", bytes, budget);
  const names = archive.names();
  const pickle = names.find((name) => name === PICKLE || name.endsWith(`/${PICKLE}`));
  if (pickle === undefined) throw noPickle(names);
  const prefix = pickle.slice(0, -PICKLE.length);
  if (names.some((name) => name.startsWith(`${prefix}code/`))) {
    throw new InputError(
      "pt: the file is a TorchScript archive, which is code; save model.state_dict() instead",
    );
  }
  const bigEndian = isBigEndian(archive, `${prefix}byteorder`);
  const storages: Storages = new Map();
  const source = (storage: Storage): Uint8Array => contents(archive, prefix, storage);
  const spent = new PickleBudget(bytes.length);
  return readPickle("pt", new ByteReader("pt", archive.read(pickle)), {
    global: torchGlobal,
    spend: (taken) => spent.spend(taken),
    persistent: (id) => persistentStorage(id, storages, bigEndian, source),
  });
}

/** `torch.save` leaves an archive without a pickle where a value cannot be pickled. */
function noPickle(names: readonly string[]): InputError {
  const begun = names.some((name) => name.endsWith("/.data/serialization_id"));
  return new InputError(
    begun
      ? `pt: the archive has no ${PICKLE}: torch.save failed while it wrote the file; save it again`
      : `pt: the archive has no ${PICKLE}; it is not a PyTorch checkpoint`,
  );
}

function isBigEndian(archive: ZipArchive, name: string): boolean {
  const order = archive.has(name) ? latin1(archive.read(name)) : "little";
  if (order === "little" || order === "big") return order === "big";
  throw new InputError(`pt: the byte order must be little or big, got ${shown(order)}`);
}

function contents(archive: ZipArchive, prefix: string, { key, element, length }: Storage) {
  const found = archive.read(`${prefix}data/${key}`);
  const needed = length * element.bytes;
  if (found.length >= needed) return found;
  throw new InputError(
    `pt: storage ${shown(key)} has ${found.length} bytes, its ${length} elements need ${needed}`,
  );
}
