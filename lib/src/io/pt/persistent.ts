/** References from the pickle of a checkpoint to its storages. */

import { Opaque, PyTuple, Refusal } from "../pickle/values.ts";
import { count, malformed } from "./args.ts";
import { Storage, TorchType } from "./tensor-ref.ts";

/** The storages of a file by their keys; the first reference to a key gives its type. */
export type Storages = Map<string, Storage>;

const META = new TorchType(
  "a tensor on the device meta",
  undefined,
  1,
  "is a tensor on the device meta, which has no values",
);

/**
 * ("storage", class, key, device, length[, view]): the storage, made when its key is new. Throws
 * `Refusal`.
 */
export function persistentStorage(
  id: unknown,
  storages: Storages,
  bigEndian: boolean,
  source?: (storage: Storage) => Uint8Array,
): unknown {
  const items = id instanceof PyTuple ? id.items : [];
  const [kind, element, key, device, length, view] = items;
  if (kind === "module")
    return new Opaque("holds a whole module, which is code; save model.state_dict() instead");
  if (element instanceof Opaque) throw element;
  if (kind !== "storage" || !(element instanceof TorchType) || typeof key !== "string") {
    throw malformed("a reference is not a storage");
  }
  if (view !== undefined && view !== null) {
    throw new Refusal(
      "is a view of a storage, as PyTorch before 0.4 wrote them; save it with a later PyTorch",
    );
  }
  const known = storages.get(key);
  if (known !== undefined) return known;
  const size = count("the length of a storage", length);
  const storage: Storage = new Storage(
    key,
    device === "meta" ? META : element,
    size,
    bigEndian,
    source && (() => source(storage)),
  );
  storages.set(key, storage);
  return storage;
}
