/** A proved lower bound on the share of sequences that a model answers correctly. */
export interface AccuracyBound {
  /** Sequences proved correct; for brute force, those that are. */
  readonly correct: number;
  /** All sequences. */
  readonly total: number;
  /** `correct` over `total`. */
  readonly accuracy: number;
  /** Floating-point operations of the proof, the tables of `maxCircuits` included. */
  readonly flop: number;
}

export function bound(correct: number, total: number, flop: number): AccuracyBound {
  return { correct, total, accuracy: correct / total, flop };
}

/** Binomial coefficient for small numbers. */
export function choose(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}
