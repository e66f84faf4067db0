/** The sub-cubic proof: classes of (largest number, query, a limit on the other numbers). */

import { type Float64NdArray, float64 } from "../linalg/index.ts";
import { attention } from "./attention.ts";
import { type AccuracyBound, bound, choose } from "./bound.ts";
import { type MaxCircuits, sequenceCount, withOwnPosition } from "./circuits.ts";
import { countProved, mostOthers, queriesOf } from "./cubic.ts";
import { type Work, work } from "./work.ts";

/**
 * Lower bound in O(vocab² (d_model + n² log vocab)), after the sub-cubic proofs of Gross et al. 2024
 * (section 4): outputs are compared within each table alone.
 *
 * - What all queries and all positions add to the logits on average is moved into what is copied
 *   (attention sums to 1, so nothing changes), and what is left is bounded row by row: the largest
 *   entry other than m less entry m. The paper's "mean + diff".
 * - Where the last number asks, a gap stands between the largest number and the others: for each m,
 *   query and number of others, they are all numbers up to a limit, each given the largest attention
 *   and the worst copy of any of them, or nothing if that would help. The largest limit that passes
 *   is found by bisection, since a larger one is never easier. Sequences above it count as wrong.
 * - Where "=" asks there is one query, which leaves room for a class of its own for each other
 *   number, as in the cubic proof.
 */
export function subcubicBound(given: MaxCircuits): AccuracyBound {
  const done = work(given.work.flop);
  const circuits = given.queryCounts ? given : withOwnPosition(given, done);
  const worst = worstTables(circuits, done);
  const correct = circuits.queryCounts
    ? provedByLimits(circuits, worst, done)
    : provedByNumbers(circuits, worst, done);
  return bound(correct, sequenceCount(circuits), done.flop);
}

function provedByNumbers(circuits: MaxCircuits, worst: WorstTables, done: Work): number {
  const { vocab } = circuits;
  let correct = 0;
  for (let m = 0; m < vocab; m++) {
    const shares = attention(circuits, m, 0, done);
    const proved = (k: number, others: number): boolean =>
      [0, 1].every((end) => {
        const { largest, own, other } = shares(k, others, end);
        done.count(7);
        const mixed =
          largest * (worst.copy[m * vocab + m] as number) +
          own * (worst.self[m] as number) +
          other * (worst.copy[k * vocab + m] as number);
        return (worst.position[m] as number) + mixed < 0;
      });
    correct += (proved(m, 0) ? 1 : 0) + countProved(circuits, m, 0, proved);
  }
  return correct;
}

function provedByLimits(circuits: MaxCircuits, worst: WorstTables, done: Work): number {
  const scores = Array.from({ length: circuits.vocab }, (_, query) =>
    scoresOf(circuits, query, done),
  );
  let correct = 0;
  for (let m = 0; m < circuits.vocab; m++) {
    for (const query of queriesOf(circuits, m)) {
      const proved = limitTest(circuits, worst, scores[query] as Scores, m, query, done);
      correct += proved(0, -1) ? 1 : 0;
      for (let others = 1; others <= mostOthers(circuits, m, query); others++) {
        const numbers = 1 + largestLimit(m, (limit) => proved(others, limit));
        correct += choose(circuits.free, others) * numbers ** others;
      }
    }
  }
  return correct;
}

/** Whether a class with `others` further numbers of at most `limit` is proved. */
type LimitTest = (others: number, limit: number) => boolean;

/** The largest limit below `largest` that passes, by bisection; -1 when none does. */
function largestLimit(largest: number, passes: (limit: number) => boolean): number {
  let [low, high] = [-1, largest - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

interface WorstTables {
  /** "query out": the largest entry other than this one, less this one. */
  readonly direct: Float64Array;
  readonly copy: Float64Array;
  readonly self: Float64Array;
  /** "out": the same of positions, the largest of all. */
  readonly position: Float64Array;
  /** "out limit": the largest of `copy` over the tokens up to the limit. */
  readonly upTo: Float64Array;
}

function worstTables(circuits: MaxCircuits, done: Work): WorstTables {
  const { vocab } = circuits;
  const direct = centered(circuits.direct, done);
  const position = centered(circuits.position, done);
  const mean = direct.mean.map((value, out) => value + (position.mean[out] as number));
  done.count(vocab + circuits.copy.data.length + circuits.self.data.length);
  const plusMean = (table: Float64NdArray): Float64NdArray =>
    float64(
      table.shape,
      table.data.map((value, i) => value + (mean[i % vocab] as number)),
    );
  const copy = worstOf(plusMean(circuits.copy), done);
  return {
    direct: worstOf(direct.rest, done),
    copy,
    self: circuits.queryCounts ? copy : worstOf(plusMean(circuits.self), done),
    position: columnMaxima(worstOf(position.rest, done), vocab, done),
    upTo: runningMaxima(copy, vocab, done),
  };
}

/** The mean row, and the rows less it. */
function centered(
  table: Float64NdArray,
  done: Work,
): { readonly mean: Float64Array; readonly rest: Float64NdArray } {
  const [count, width] = table.shape as [number, number];
  const mean = new Float64Array(width);
  for (const [i, value] of table.data.entries()) {
    mean[i % width] = (mean[i % width] as number) + value / count;
  }
  done.count(3 * table.data.length);
  const rest = table.data.map((value, i) => value - (mean[i % width] as number));
  return { mean, rest: float64(table.shape, rest) };
}

/** For each entry of each row, the largest other entry of the row less it. */
function worstOf(table: Float64NdArray, done: Work): Float64Array {
  const [count, width] = table.shape as [number, number];
  const worst = new Float64Array(table.data.length);
  for (let row = 0; row < count; row++) {
    const entries = table.data.subarray(row * width, (row + 1) * width);
    let [first, second, at] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, -1];
    for (const [i, value] of entries.entries()) {
      if (value > first) [first, second, at] = [value, first, i];
      else if (value > second) second = value;
    }
    for (const [i, value] of entries.entries()) {
      worst[row * width + i] = (i === at ? second : first) - value;
    }
  }
  done.count(3 * table.data.length);
  return worst;
}

function columnMaxima(data: Float64Array, width: number, done: Work): Float64Array {
  const maxima = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
  for (const [i, value] of data.entries()) {
    if (value > (maxima[i % width] as number)) maxima[i % width] = value;
  }
  done.count(data.length);
  return maxima;
}

/** "token out" to "out token": the largest over the tokens up to this one. */
function runningMaxima(data: Float64Array, size: number, done: Work): Float64Array {
  const running = new Float64Array(data.length);
  for (let out = 0; out < size; out++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let token = 0; token < size; token++) {
      most = Math.max(most, data[token * size + out] as number);
      running[out * size + token] = most;
    }
  }
  done.count(data.length);
  return running;
}

/** Exponentials of attention scores for one query, all divided by one number. */
interface Scores {
  /** "token". */
  readonly token: Float64Array;
  /** "limit": the largest up to it. */
  readonly upTo: Float64Array;
  /** Sums over the `count` free positions that score least and most. */
  readonly least: Float64Array;
  readonly most: Float64Array;
  readonly own: number;
}

function scoresOf(circuits: MaxCircuits, query: number, done: Work): Scores {
  const { vocab, free, keys, placeKeys, selfKeys } = circuits;
  const key = keys.data.subarray(query * vocab, (query + 1) * vocab);
  const place = placeKeys.data.subarray(query * (free + 1), (query + 1) * (free + 1));
  const ownScore = (selfKeys[query] as number) + (place[free] as number);
  const top = Math.max(ownScore, Math.max(...key) + Math.max(...place.subarray(0, free)));
  const token = key.map((score) => Math.exp(score - top));
  const sorted = place.slice(0, free).sort().map(Math.exp);
  const sums = (ordered: Float64Array): Float64Array => {
    const total = new Float64Array(free + 1);
    for (const [i, value] of ordered.entries()) total[i + 1] = (total[i] as number) + value;
    return total;
  };
  done.count(4 * vocab + 5 * free + 4);
  return {
    token,
    upTo: token.map(runningMax()),
    least: sums(sorted),
    most: sums(sorted.slice().reverse()),
    own: Math.exp(ownScore - top),
  };
}

function runningMax(): (value: number) => number {
  let most = Number.NEGATIVE_INFINITY;
  return (value) => {
    most = Math.max(most, value);
    return most;
  };
}

function limitTest(
  { vocab, free }: MaxCircuits,
  worst: WorstTables,
  scores: Scores,
  m: number,
  query: number,
  done: Work,
): LimitTest {
  const at = query * vocab + m;
  const common = (worst.direct[at] as number) + (worst.position[m] as number);
  const right = (scores.token[m] as number) * (common + (worst.copy[m * vocab + m] as number));
  const own = scores.own * (common + (worst.self[at] as number));
  const whole = scores.most[free] as number;
  return (others, limit) => {
    const wrong =
      others === 0
        ? 0
        : (scores.upTo[limit] as number) *
          Math.max(0, common + (worst.upTo[m * vocab + limit] as number));
    const below = (onRight: number): boolean =>
      onRight * right + (whole - onRight) * wrong + own < 0;
    done.count(18);
    const rest = free - others;
    return below(scores.least[rest] as number) && below(scores.most[rest] as number);
  };
}
