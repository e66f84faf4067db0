/** PyTorch checkpoints (`.pt`, `.pth`), read without running anything that they name. */

import { InputError } from "../core/errors.ts";
import { Budget, type ReadOptions } from "./budget.ts";
import { latin1 } from "./byte-reader.ts";
import { looksLegacy, readLegacy } from "./pt/legacy.ts";
import { PlainReader, type PtValue } from "./pt/plain.ts";
import { readZipped } from "./pt/zipped.ts";
import { looksLikeZip } from "./zip.ts";

/**
 * The contents of a file that `torch.save` wrote, in either of its formats: state dicts, nested
 * checkpoints, lists, NumPy arrays. Strided and shared tensors become dense copies; float16 and
 * bfloat16 become float32, small integers int32; 64-bit integers must fit 32 bits. Names of code
 * outside a short list of data types are refused. Throws `InputError`.
 */
export function readPt(bytes: Uint8Array, options: ReadOptions = {}): PtValue {
  const budget = new Budget(bytes.length, options);
  return new PlainReader(budget).convert(readRoot(bytes, budget), "");
}

function readRoot(bytes: Uint8Array, budget: Budget): unknown {
  if (looksLikeZip(bytes)) return readZipped(bytes, budget);
  if (looksLegacy(bytes)) return readLegacy(bytes, budget);
  if (latin1(bytes.subarray(257, 262)) === "ustar") {
    throw new InputError(
      "pt: the file is from PyTorch before 0.1.10; load and save it again there",
    );
  }
  throw new InputError("pt: the file is not a PyTorch checkpoint; expected what torch.save writes");
}
