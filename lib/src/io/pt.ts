/** PyTorch checkpoints (`.pt`, `.pth`), read without running anything that they name. */

import { InputError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { Budget, type ReadOptions } from "./budget.ts";
import { latin1 } from "./byte-reader.ts";
import { looksLegacy, readLegacy } from "./pt/legacy.ts";
import { PlainReader } from "./pt/plain.ts";
import type { PtValue } from "./pt/value.ts";
import { readZipped } from "./pt/zipped.ts";
import { looksLikeZip } from "./zip.ts";

/**
 * The contents of a file that `torch.save` wrote, in either of its formats: state dicts, nested
 * checkpoints, lists, NumPy arrays. Strided and shared tensors become dense copies; float16 and
 * bfloat16 become float32, small integers int32; 64-bit integers must fit 32 bits. Nothing that the file
 * names is run. Arrays are decoded when they are first asked for, so the bytes must not change before;
 * a value that cannot be given (one of a class, a sparse tensor) throws its `InputError` then, and not
 * before. Throws `InputError` when the file is damaged or is no checkpoint.
 */
export function readPt(bytes: Uint8Array, options: ReadOptions = {}): PtValue {
  checkOptions("readPt", options, { maxBytes: true });
  const budget = new Budget(bytes.length, options);
  return new PlainReader(budget).convert(readRoot(bytes, budget));
}

/** Whether the bytes can only be a PyTorch checkpoint, sound or not, and not a safetensors file. */
export function looksLikePt(bytes: Uint8Array): boolean {
  const pickle = bytes[0] === 0x80 && bytes[8] !== 0x7b;
  return looksLikeZip(bytes) || pickle || isTar(bytes) || looksLegacy(bytes);
}

function readRoot(bytes: Uint8Array, budget: Budget): unknown {
  checkPtStart(bytes);
  return looksLikeZip(bytes) ? readZipped(bytes, budget) : readLegacy(bytes);
}

/**
 * Looks at how a file begins (512 bytes are enough), before the rest is read.
 * @throws InputError for what is no PyTorch checkpoint.
 */
export function checkPtStart(start: Uint8Array): void {
  if (looksLikeZip(start) || looksLegacy(start)) return;
  if (isTar(start)) {
    throw new InputError(
      "pt: the file is from PyTorch before 0.1.10; load and save it again there",
    );
  }
  throw new InputError("pt: the file is not a PyTorch checkpoint; expected what torch.save writes");
}

function isTar(bytes: Uint8Array): boolean {
  return latin1(bytes.subarray(257, 262)) === "ustar";
}
