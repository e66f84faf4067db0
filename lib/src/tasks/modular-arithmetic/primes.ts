/** Primes, by trial division. */

export function isPrime(n: number): boolean {
  if (n < 2) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

/** The prime closest to an integer n >= 2; the smaller one when two are equally close. */
export function nearestPrime(n: number): number {
  for (let distance = 0; ; distance++) {
    if (isPrime(n - distance)) return n - distance;
    if (isPrime(n + distance)) return n + distance;
  }
}
