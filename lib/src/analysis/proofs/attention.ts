/** How attention is shared when some free positions hold one number and the rest another. */

import type { MaxCircuits } from "./circuits.ts";
import type { Work } from "./work.ts";

export interface Shares {
  /** Attention to m in the free positions. */
  readonly largest: number;
  /** To the query itself. */
  readonly own: number;
  /** To the other numbers. */
  readonly other: number;
}

/**
 * Attention when `others` free positions hold k and the rest m: at end 0 the rest are the positions
 * that score least, at end 1 those that score most.
 */
export function attention(
  { vocab, free, keys, placeKeys, selfKeys }: MaxCircuits,
  m: number,
  query: number,
  done: Work,
): (k: number, others: number, end: number) => Shares {
  const place = placeKeys.data.subarray(query * (free + 1), (query + 1) * (free + 1));
  const sorted = Float64Array.from(place.subarray(0, free)).sort();
  const score = (token: number): number => keys.data[query * vocab + token] as number;
  const ownScore = (selfKeys[query] as number) + (place[free] as number);
  return (k, others, end) => {
    const rest = free - others;
    const [high, low] = [score(m), score(k)];
    const top = Math.max(ownScore, Math.max(high, low) + (sorted[free - 1] as number));
    let [largest, other] = [0, 0];
    for (let i = 0; i < free; i++) {
      const at = sorted[end === 0 ? i : free - 1 - i] as number;
      if (i < rest) largest += Math.exp(high + at - top);
      else other += Math.exp(low + at - top);
    }
    const own = Math.exp(ownScore - top);
    const sum = largest + other + own;
    done.count(4 * free + 12);
    return { largest: largest / sum, own: own / sum, other: other / sum };
  };
}
