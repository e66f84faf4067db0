/** Medians of things timed in turn, so that what disturbs the machine disturbs all of them. */

/** Something that can be done again and again. */
export interface Timed {
  step(): Promise<unknown>;
}

export interface Timing {
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Rounds in which each takes its turn. */
  readonly rounds: number;
  /** Length of a turn in ms; at least one step is done. */
  readonly turnMs: number;
  /** Steps before the first round, not counted. */
  readonly warmUp: number;
}

/** The middle number, or the mean of the two in the middle; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Median ms per step of each contestant; they take turns: A B A B … */
export async function timeInTurn(
  contestants: readonly Timed[],
  { now, rounds, turnMs, warmUp }: Timing,
): Promise<readonly number[]> {
  for (const contestant of contestants) {
    for (let i = 0; i < warmUp; i++) await contestant.step();
  }
  const times: number[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const end = now() + turnMs;
      do {
        const start = now();
        await contestant.step();
        times[i]?.push(now() - start);
      } while (now() < end);
    }
  }
  return times.map(median);
}
