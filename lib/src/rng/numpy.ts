/**
 * NumPy's `default_rng(seed)`: SeedSequence and PCG64, with the shuffles of its `Generator`.
 * Source: NumPy 1.17 and later, numpy/random/{bit_generator.pyx, src/pcg64, _generator.pyx,
 * src/distributions/distributions.c, random_interval}; O'Neill 2014 (PCG XSL RR 128/64).
 */

import { InputError } from "../core/errors.ts";

const POOL = 4;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

/** Draws the same numbers as `numpy.random.default_rng(seed)`. */
export class NumpyGenerator {
  private state: bigint;
  private readonly increment: bigint;
  /** The upper half of the last 64-bit draw, when only the lower one was used. */
  private spare: number | undefined;

  /** `seed`: an integer of at least 0, of any size. */
  constructor(seed: number | bigint) {
    const [s0, s1, i0, i1] = seedWords(seed) as [bigint, bigint, bigint, bigint];
    this.increment = BigInt.asUintN(128, (((i0 << 64n) | i1) << 1n) | 1n);
    this.state = this.increment;
    this.state = BigInt.asUintN(128, this.state + ((s0 << 64n) | s1));
    this.advance();
  }

  /** One 64-bit output of the engine. */
  random64(): bigint {
    this.advance();
    const folded = (this.state >> 64n) ^ BigInt.asUintN(64, this.state);
    const turn = this.state >> 122n;
    return BigInt.asUintN(64, (folded >> turn) | (folded << ((64n - turn) & 63n)));
  }

  /** Half of a 64-bit output: the lower one first, the upper one at the next call. */
  random32(): number {
    if (this.spare !== undefined) {
      const kept = this.spare;
      this.spare = undefined;
      return kept;
    }
    const draw = this.random64();
    this.spare = Number(draw >> 32n);
    return Number(draw & 0xffffffffn);
  }

  /** `Generator.permutation(n)`: 0 … n-1 in random order; also what `shuffle` does to `arange(n)`. */
  randperm(n: number): Int32Array {
    if (!(Number.isInteger(n) && n >= 0 && n < 2 ** 31)) {
      throw new InputError(`randperm: the count must be an integer in [0, 2^31), got ${n}`);
    }
    const out = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.upTo(i);
      const kept = out[i] as number;
      out[i] = out[j] as number;
      out[j] = kept;
    }
    return out;
  }

  /** An integer in [0, largest]: as many bits as `largest` has until they are small enough. */
  private upTo(largest: number): number {
    const mask = 0xffffffff >>> Math.clz32(largest);
    for (;;) {
      const draw = (this.random32() & mask) >>> 0;
      if (draw <= largest) return draw;
    }
  }

  private advance(): void {
    this.state = BigInt.asUintN(128, this.state * MULTIPLIER + this.increment);
  }
}

/** `SeedSequence(seed).generate_state(4, uint64)`. */
function seedWords(seed: number | bigint): bigint[] {
  const pool = entropyPool(wordsOf(seed));
  let constant = 0x8b51f9dd;
  const words = Array.from({ length: 2 * POOL }, (_, i) => {
    const mixed = (pool[i % POOL] as number) ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    return folded(Math.imul(mixed, constant));
  });
  return Array.from(
    { length: POOL },
    (_, i) => (BigInt(words[2 * i + 1] as number) << 32n) | BigInt(words[2 * i] as number),
  );
}

/** The 32-bit words of a seed, lowest first. */
function wordsOf(seed: number | bigint): number[] {
  if ((typeof seed === "number" && !Number.isSafeInteger(seed)) || seed < 0) {
    throw new InputError(`NumpyGenerator: the seed must be an integer of at least 0, got ${seed}`);
  }
  let rest = BigInt(seed);
  const words: number[] = [];
  do {
    words.push(Number(rest & 0xffffffffn));
    rest >>= 32n;
  } while (rest > 0n);
  return words;
}

/** SeedSequence's pool of four words, every word of entropy mixed into each of them. */
function entropyPool(entropy: readonly number[]): number[] {
  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    const mixed = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    return folded(Math.imul(mixed, constant));
  };
  const mix = (x: number, y: number): number =>
    folded((Math.imul(x, 0xca01f9dd) - Math.imul(y, 0x4973f715)) | 0);
  const pool = Array.from({ length: POOL }, (_, i) => hash(entropy[i] ?? 0));
  for (let source = 0; source < POOL; source++) {
    for (let target = 0; target < POOL; target++) {
      if (source === target) continue;
      pool[target] = mix(pool[target] as number, hash(pool[source] as number));
    }
  }
  for (const word of entropy.slice(POOL)) {
    for (let target = 0; target < POOL; target++) {
      pool[target] = mix(pool[target] as number, hash(word));
    }
  }
  return pool;
}

/** An unsigned 32-bit word with its upper half folded into its lower one. */
function folded(word: number): number {
  return (word ^ (word >>> 16)) >>> 0;
}
