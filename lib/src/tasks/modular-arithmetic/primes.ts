/** Primes, by trial division. */

/** Larger numbers are called composite: dividing them would take for ever. */
const LARGEST = 2 ** 31;

/** Whether `n` is a prime below 2^31. */
export function isPrime(n: number): boolean {
  if (!(n >= 2 && n < LARGEST)) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

/** The prime below 2^31 that is closest to `n`; the smaller one when two are equally close. */
export function nearestPrime(n: number): number {
  const start = Math.round(Math.min(Math.max(n, 2), LARGEST - 1));
  for (let distance = 0; ; distance++) {
    if (isPrime(start - distance)) return start - distance;
    if (isPrime(start + distance)) return start + distance;
  }
}
