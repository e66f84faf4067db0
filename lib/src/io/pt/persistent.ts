/** References from the pickle of a checkpoint to its storages. */

import { InputError } from "../../core/errors.ts";
import { PyTuple } from "../pickle/values.ts";
import { count, malformed } from "./args.ts";
import { ElementName, Storage } from "./tensor-ref.ts";

/**
 * ("storage", class, key, device, length[, view]): a storage without bytes, and its length in
 * elements (bytes when untyped).
 */
export function persistentStorage(id: unknown): { storage: Storage; length: number } {
  const items = id instanceof PyTuple ? id.items : [];
  const [kind, type, key, , length, view] = items;
  if (kind === "module") {
    throw new InputError(
      "pt: the file holds a whole module, which is code; save model.state_dict() instead",
    );
  }
  if (kind !== "storage" || !(type instanceof ElementName) || typeof key !== "string") {
    throw malformed("a reference is no storage");
  }
  if (view !== undefined && view !== null) {
    throw new InputError("pt: views of storages (PyTorch before 0.4) are not supported");
  }
  return { storage: new Storage(key, type.type), length: count("the length of a storage", length) };
}
