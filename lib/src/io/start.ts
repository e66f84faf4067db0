import { checkPtStart } from "./pt.ts";
import { checkSafetensorsStart } from "./safetensors.ts";

/**
 * Checks how a file of `size` bytes begins (512 bytes are enough), before the rest is read.
 * @throws InputError for a file that cannot be of the format.
 */
export function checkStart(format: "safetensors" | "pt", start: Uint8Array, size: number): void {
  if (format === "pt") checkPtStart(start);
  else checkSafetensorsStart(start, size);
}
