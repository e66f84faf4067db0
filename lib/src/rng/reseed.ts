import { InputError } from "../core/errors.ts";
import { md5 } from "./md5.ts";

/**
 * A seed derived from a seed and a label: the first three bytes of the MD5 of the JSON
 * `[seed,"label"]`, as a little-endian integer, times 256. Labels are ASCII.
 * Source: Gross et al. 2024, Compact proofs of model performance, their code (gbmi, `reseed`).
 */
export function reseed(seed: number, label: string): number {
  if (!Number.isSafeInteger(seed)) {
    throw new InputError(`reseed: the seed must be an integer, got ${seed}`);
  }
  const digest = md5(new TextEncoder().encode(JSON.stringify([seed, label])));
  const [low = 0, middle = 0, high = 0] = digest;
  return 256 * (low + 256 * (middle + 256 * high));
}
