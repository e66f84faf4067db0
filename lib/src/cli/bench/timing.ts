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
  /** Steps before the first round, not counted; fewer when they take longer than a turn. */
  readonly warmUp: number;
}

/** The middle number, or the mean of the two in the middle; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Median ms per step of each contestant; they take turns: A B A B … One whose steps are longer than
 * a turn takes fewer turns, so that none gets much more than rounds · turnMs.
 */
export async function timeInTurn(
  contestants: readonly Timed[],
  { now, rounds, turnMs, warmUp }: Timing,
): Promise<readonly number[]> {
  const turn = async (contestant: Timed, most: number): Promise<readonly number[]> => {
    const times: number[] = [];
    const end = now() + turnMs;
    do {
      const start = now();
      await contestant.step();
      times.push(now() - start);
    } while (now() < end && times.length < most);
    return times;
  };
  const times: number[][] = contestants.map(() => []);
  for (const contestant of contestants) await turn(contestant, warmUp);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const own = times[i] as number[];
      const spent = own.reduce((sum, ms) => sum + ms, 0);
      if (spent < rounds * turnMs) own.push(...(await turn(contestant, Number.POSITIVE_INFINITY)));
    }
  }
  return times.map(median);
}
