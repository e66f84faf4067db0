/**
 * Python's `random.seed(integer); random.shuffle(list)`, which published splits use.
 * Source: CPython, Modules/_randommodule.c and Lib/random.py (3.2 and later).
 */

import { InputError } from "../core/errors.ts";
import { Mt19937 } from "./mt19937.ts";

/** The list as `random.seed(seed)` and one `random.shuffle` leave it; the argument is kept. */
export function pythonShuffle<T>(items: readonly T[], seed: number | bigint): T[] {
  const engine = pythonEngine(seed);
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = below(engine, i + 1);
    const kept = out[i] as T;
    out[i] = out[j] as T;
    out[j] = kept;
  }
  return out;
}

/** `random.seed(integer)`: the 32-bit words of its absolute value, lowest first. */
function pythonEngine(seed: number | bigint): Mt19937 {
  if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
    throw new InputError(`pythonShuffle: the seed must be an integer, got ${seed}`);
  }
  const wide = BigInt(seed);
  let rest = wide < 0n ? -wide : wide;
  const words: number[] = [];
  do {
    words.push(Number(rest & 0xffffffffn));
    rest >>= 32n;
  } while (rest > 0n);
  const engine = new Mt19937();
  engine.seedArray(words);
  return engine;
}

/** `_randbelow`: draw as many bits as `n` has until the number is below `n` (n < 2^32). */
function below(engine: Mt19937, n: number): number {
  const shift = Math.clz32(n);
  for (;;) {
    const draw = engine.random32() >>> shift;
    if (draw < n) return draw;
  }
}
