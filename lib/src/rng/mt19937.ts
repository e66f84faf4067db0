/**
 * The Mersenne Twister MT19937, with the two seedings in use: one integer (PyTorch) and an array of
 * integers (Python). Source: Matsumoto and Nishimura 1998, reference code mt19937ar.c.
 */

const N = 624;
const M = 397;

export class Mt19937 {
  /** The 624 words of the state. */
  readonly key: Uint32Array = new Uint32Array(N);
  /** Draws before the words must be twisted again, counting the one that twists. */
  left = 1;
  /** Index of the word that the next draw tempers. */
  next = 0;

  /** `init_genrand`: the low 32 bits of an integer. */
  seed(low32: number): void {
    this.key[0] = low32;
    for (let i = 1; i < N; i++) {
      const previous = this.key[i - 1] as number;
      this.key[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
    this.left = 1;
    this.next = 0;
  }

  /** `init_by_array`: at least one 32-bit word. */
  seedArray(words: readonly number[]): void {
    this.seed(19650218);
    let i = 1;
    const mix = (multiplier: number): number => {
      const previous = this.key[i - 1] as number;
      return (this.key[i] as number) ^ Math.imul(previous ^ (previous >>> 30), multiplier);
    };
    const advance = (): void => {
      i++;
      if (i < N) return;
      this.key[0] = this.key[N - 1] as number;
      i = 1;
    };
    for (let k = 0; k < Math.max(N, words.length); k++) {
      const j = k % words.length;
      this.key[i] = mix(1664525) + (words[j] as number) + j;
      advance();
    }
    for (let k = 0; k < N - 1; k++) {
      this.key[i] = mix(1566083941) - i;
      advance();
    }
    this.key[0] = 0x80000000;
    this.left = 1;
    this.next = 0;
  }

  /** The next 32-bit output, 0 … 2^32 - 1. */
  random32(): number {
    this.left--;
    if (this.left === 0) this.twist();
    let y = this.key[this.next] as number;
    this.next++;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  private twist(): void {
    const key = this.key;
    for (let i = 0; i < N; i++) {
      const y = ((key[i] as number) & 0x80000000) | ((key[(i + 1) % N] as number) & 0x7fffffff);
      const odd = (y & 1) === 0 ? 0 : 0x9908b0df;
      key[i] = (key[(i + M) % N] as number) ^ (y >>> 1) ^ odd;
    }
    this.left = N;
    this.next = 0;
  }
}
