/** The cubic proof: classes of (largest number, query, one other number, how often). */

import { type AccuracyBound, bound, choose } from "./bound.ts";
import { type MaxCircuits, sequenceCount } from "./circuits.ts";
import { type Work, work } from "./work.ts";

/**
 * Lower bound by the cubic proof of Gross et al. 2024 (section 4.2, appendix): O(vocab³ n²).
 *
 * A class has the largest number m, the query q and c further numbers that are all k < m; the other
 * free positions hold m. Its worst order puts the attention that position alone gives at one
 * extreme. Every term is replaced by its largest wrong-minus-right logit, position's by its maximum
 * over positions, and weighted by attention; the class is proved when that is below 0. Times the
 * softmax's denominator the bound is a sum of one term for each position, so different numbers
 * k, k', … that are proved apart are also proved together: g of them stand for C(free, c) g^c
 * sequences. With "=" the query is fixed and the largest is among the free positions.
 */
export function cubicBound(circuits: MaxCircuits): AccuracyBound {
  const done = work(circuits.work.flop);
  let correct = 0;
  for (let largest = 0; largest < circuits.vocab; largest++) {
    const worst = worstTerms(circuits, largest, done);
    for (const query of queriesOf(circuits, largest)) {
      correct += provedWith(circuits, worst, largest, query, done);
    }
  }
  return bound(correct, sequenceCount(circuits), done.flop);
}

/** Row numbers of the queries that a sequence with this largest number may have. */
export function queriesOf({ queryCounts }: MaxCircuits, largest: number): number[] {
  return queryCounts ? Array.from({ length: largest + 1 }, (_, query) => query) : [0];
}

/** For one m, the largest over j ≠ m of a term's logit j less its logit m. */
interface WorstTerms {
  /** "query": direct. */
  readonly direct: Float64Array;
  /** "token": copy and position. */
  readonly copy: Float64Array;
  /** "query": self and position. */
  readonly self: Float64Array;
  /** "out": the largest over positions of logit j less logit m. */
  readonly position: Float64Array;
}

function worstTerms(circuits: MaxCircuits, m: number, done: Work): WorstTerms {
  const { vocab, free, queryCounts } = circuits;
  const position = new Float64Array(vocab).fill(Number.NEGATIVE_INFINITY);
  for (let pos = 0; pos <= free; pos++) {
    for (let out = 0; out < vocab; out++) {
      const other = circuits.position.data[pos * vocab + out] as number;
      const right = circuits.position.data[pos * vocab + m] as number;
      position[out] = Math.max(position[out] as number, other - right);
    }
  }
  done.count(2 * (free + 1) * vocab);
  const none = new Float64Array(vocab);
  const copy = worstRows(circuits.copy.data, vocab, m, position, done);
  return {
    direct: worstRows(circuits.direct.data, vocab, m, none, done),
    copy,
    self: queryCounts ? copy : worstRows(circuits.self.data, vocab, m, position, done),
    position,
  };
}

/** Of each row, the largest over j ≠ m of entry j less entry m, plus `extra[j]`. */
function worstRows(
  data: Float64Array,
  vocab: number,
  m: number,
  extra: Float64Array,
  done: Work,
): Float64Array {
  const count = data.length / vocab;
  const worst = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < count; row++) {
    const right = data[row * vocab + m] as number;
    for (let out = 0; out < vocab; out++) {
      if (out === m) continue;
      const gap = (data[row * vocab + out] as number) - right + (extra[out] as number);
      if (gap > (worst[row] as number)) worst[row] = gap;
    }
  }
  done.count(3 * count * (vocab - 1));
  return worst;
}

/** Sequences proved correct with this largest number and this query. */
function provedWith(
  circuits: MaxCircuits,
  worst: WorstTerms,
  m: number,
  query: number,
  done: Work,
): number {
  const { free, queryCounts } = circuits;
  const own = queryCounts && query === m;
  let proved = pureProved(circuits, worst, m, query, done) ? 1 : 0;
  const most = own ? free : free - 1;
  for (let others = 1; others <= most && m > 0; others++) {
    const passing = passingTokens(circuits, worst, { m, query, others }, done);
    proved += choose(free, others) * passing ** others;
  }
  return proved;
}

/** All free positions hold m: the wrong answers are compared one by one. */
function pureProved(
  circuits: MaxCircuits,
  { position }: WorstTerms,
  m: number,
  query: number,
  done: Work,
): boolean {
  const { vocab, copy, self, direct } = circuits;
  const onLargest = attention(circuits, m, query, done)(0, 0, 0).largest;
  const row = (table: Float64Array, at: number, out: number): number =>
    (table[at * vocab + out] as number) - (table[at * vocab + m] as number);
  done.count(7 * vocab);
  for (let out = 0; out < vocab; out++) {
    if (out === m) continue;
    const mixed = onLargest * row(copy.data, m, out) + (1 - onLargest) * row(self.data, query, out);
    if (!(row(direct.data, query, out) + (position[out] as number) + mixed < 0)) return false;
  }
  return true;
}

/** How many numbers k < m pass with `others` of them. */
function passingTokens(
  circuits: MaxCircuits,
  worst: WorstTerms,
  { m, query, others }: { m: number; query: number; others: number },
  done: Work,
): number {
  const shares = attention(circuits, m, query, done);
  const direct = worst.direct[query] as number;
  let passing = 0;
  for (let k = 0; k < m; k++) {
    const proved = [0, 1].every((end) => {
      const { largest, own, other } = shares(k, others, end);
      const mixed =
        largest * (worst.copy[m] as number) +
        own * (worst.self[query] as number) +
        other * (worst.copy[k] as number);
      return direct + mixed < 0;
    });
    if (proved) passing += 1;
  }
  done.count(14 * m);
  return passing;
}

interface Shares {
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
function attention(
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
