/** The cubic proof: classes of (largest number, query, one other number, how often). */

import { attention } from "./attention.ts";
import { type AccuracyBound, bound, choose } from "./bound.ts";
import { type MaxCircuits, sequenceCount, withOwnPosition } from "./circuits.ts";
import { type Work, work } from "./work.ts";

/**
 * Lower bound by the cubic proof of Gross et al. 2024 (section 4): O(vocab³ n²).
 *
 * A class has the largest number m, the query q and c further numbers that are all k < m; the other
 * free positions hold m. Its worst order puts the attention that position alone gives at one
 * extreme. What positions write is replaced by its maximum over positions. Where the last number
 * asks, every term is replaced by its largest wrong-minus-right logit and weighted by attention.
 * Where "=" asks there is one query, which leaves room to compare the outputs one by one. The class
 * is proved when every bound is below 0.
 *
 * Times the softmax's denominator, a bound is a sum of one term for each position, so numbers
 * k, k', … that are proved apart are also proved together: g of them stand for C(free, c) g^c
 * sequences.
 */
export function cubicBound(given: MaxCircuits): AccuracyBound {
  const done = work(given.work.flop);
  const circuits = given.queryCounts ? given : withOwnPosition(given, done);
  let correct = 0;
  for (let m = 0; m < circuits.vocab; m++) {
    const position = worstPosition(circuits, m, done);
    const byTerm = circuits.queryCounts ? termsOf(circuits, m, position, done) : undefined;
    for (const query of queriesOf(circuits, m)) {
      const byOutput = outputTest(circuits, m, query, position, done);
      const proved = byTerm?.(query) ?? byOutput;
      correct += byOutput(0, 0) ? 1 : 0;
      correct += countProved(circuits, m, query, proved);
    }
  }
  return bound(correct, sequenceCount(circuits), done.flop);
}

/** Row numbers of the queries that a sequence with this largest number may have. */
export function queriesOf({ queryCounts }: MaxCircuits, largest: number): number[] {
  return queryCounts ? Array.from({ length: largest + 1 }, (_, query) => query) : [0];
}

/** Most free positions that need not hold the largest number m. */
export function mostOthers({ free, queryCounts }: MaxCircuits, m: number, query: number): number {
  return queryCounts && query === m ? free : free - 1;
}

/** Whether the class with `others` numbers k is proved; k is of no matter where `others` is 0. */
export type ClassTest = (k: number, others: number) => boolean;

/** Sequences with at least one number below m that are proved. */
export function countProved(
  circuits: MaxCircuits,
  m: number,
  query: number,
  proved: ClassTest,
): number {
  let correct = 0;
  for (let others = 1; others <= mostOthers(circuits, m, query); others++) {
    let passing = 0;
    for (let k = 0; k < m; k++) if (proved(k, others)) passing += 1;
    correct += choose(circuits.free, others) * passing ** others;
  }
  return correct;
}

/** "out": the largest over positions of what they add to logit j less logit m. */
function worstPosition(
  { vocab, free, position }: MaxCircuits,
  m: number,
  done: Work,
): Float64Array {
  const worst = new Float64Array(vocab).fill(Number.NEGATIVE_INFINITY);
  for (let pos = 0; pos <= free; pos++) {
    const row = position.data.subarray(pos * vocab, (pos + 1) * vocab);
    for (let out = 0; out < vocab; out++) {
      worst[out] = Math.max(worst[out] as number, (row[out] as number) - (row[m] as number));
    }
  }
  done.count(2 * (free + 1) * vocab);
  return worst;
}

/** Compares every output with m: O(vocab) for each class. */
function outputTest(
  circuits: MaxCircuits,
  m: number,
  query: number,
  position: Float64Array,
  done: Work,
): ClassTest {
  const { vocab, copy, self, direct } = circuits;
  const shares = attention(circuits, m, query, done);
  const less = (table: Float64Array, row: number, out: number): number =>
    (table[row * vocab + out] as number) - (table[row * vocab + m] as number);
  return (k, others) =>
    (others === 0 ? [0] : [0, 1]).every((end) => {
      const { largest, own, other } = shares(k, others, end);
      done.count(11 * vocab);
      for (let out = 0; out < vocab; out++) {
        if (out === m) continue;
        const mixed =
          largest * less(copy.data, m, out) +
          own * less(self.data, query, out) +
          other * less(copy.data, k, out);
        if (!(less(direct.data, query, out) + (position[out] as number) + mixed < 0)) return false;
      }
      return true;
    });
}

/** Compares the worst output of each term: O(1) for each class, once m's terms are known. */
function termsOf(
  circuits: MaxCircuits,
  m: number,
  position: Float64Array,
  done: Work,
): (query: number) => ClassTest {
  const { vocab } = circuits;
  const direct = worstRows(circuits.direct.data, m, new Float64Array(vocab), done);
  const copy = worstRows(circuits.copy.data, m, position, done);
  const self = worstRows(circuits.self.data, m, position, done);
  return (query) => {
    const shares = attention(circuits, m, query, done);
    return (k, others) =>
      [0, 1].every((end) => {
        const { largest, own, other } = shares(k, others, end);
        done.count(7);
        const mixed =
          largest * (copy[m] as number) +
          own * (self[query] as number) +
          other * (copy[k] as number);
        return (direct[query] as number) + mixed < 0;
      });
  };
}

/** Of each row, the largest over j ≠ m of entry j less entry m, plus `extra[j]`. */
function worstRows(data: Float64Array, m: number, extra: Float64Array, done: Work): Float64Array {
  const width = extra.length;
  const worst = new Float64Array(data.length / width).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < worst.length; row++) {
    const right = data[row * width + m] as number;
    for (let out = 0; out < width; out++) {
      if (out === m) continue;
      const gap = (data[row * width + out] as number) - right + (extra[out] as number);
      if (gap > (worst[row] as number)) worst[row] = gap;
    }
  }
  done.count(3 * data.length);
  return worst;
}
