/** The accuracy itself, by running the model on every sequence. */

import { InputError } from "../../core/errors.ts";
import { type AccuracyBound, bound } from "./bound.ts";
import { type MaxCircuits, sequenceCount } from "./circuits.ts";
import { type Work, work } from "./work.ts";

/** Most sequences run: 64^4, some seconds. */
export const maxBruteForced = 2 ** 24;

/**
 * Count the sequences whose largest logit (the first of equals) is that of the largest number.
 * O(vocab^(n+1)). For one query the numerators of the softmax are tables "token out" for each
 * position, so a sequence costs one addition and one comparison for each output.
 */
export function bruteForce(circuits: MaxCircuits): AccuracyBound {
  const total = sequenceCount(circuits);
  if (total > maxBruteForced) {
    throw new InputError(
      `bruteForce: at most ${maxBruteForced} sequences, got ${total}; use cubicBound`,
    );
  }
  const done = work(circuits.work.flop);
  const queries = circuits.direct.shape[0] as number;
  let correct = 0;
  for (let query = 0; query < queries; query++) {
    const { tables, last } = numerators(circuits, query, done);
    correct += descend(circuits, tables, last, circuits.queryCounts ? query : 0, 0, done);
  }
  return bound(correct, total, done.flop);
}

interface Numerators {
  /** For each free position "token out": attention weight, unnormalized, times what it adds. */
  readonly tables: readonly Float64Array[];
  /** "out": the query's own. */
  readonly last: Float64Array;
}

/** The logits times the softmax's denominator are a sum of these. */
function numerators(circuits: MaxCircuits, query: number, done: Work): Numerators {
  const { vocab, free, direct, copy, self, position, keys, placeKeys, selfKeys } = circuits;
  const place = placeKeys.data.subarray(query * (free + 1), (query + 1) * (free + 1));
  const key = keys.data.subarray(query * vocab, (query + 1) * vocab);
  const own = (selfKeys[query] as number) + (place[free] as number);
  const top = Math.max(own, Math.max(...key) + Math.max(...place.subarray(0, free)));
  const row = (value: Float64Array, at: number, pos: number, score: number): Float64Array => {
    const weight = Math.exp(score - top);
    return Float64Array.from({ length: vocab }, (_, out) => {
      const added =
        (value[at * vocab + out] as number) + (position.data[pos * vocab + out] as number);
      return weight * (added + (direct.data[query * vocab + out] as number));
    });
  };
  const tables = Array.from({ length: free }, (_, pos) => {
    const table = new Float64Array(vocab * vocab);
    for (let token = 0; token < vocab; token++) {
      const score = (key[token] as number) + (place[pos] as number);
      table.set(row(copy.data, token, pos, score), token * vocab);
    }
    return table;
  });
  done.count((free * vocab + 1) * (3 * vocab + 3));
  return { tables, last: row(self.data, query, free, own) };
}

/** Sequences answered correctly among those whose first numbers add up to `sum` and have `largest`. */
function descend(
  circuits: MaxCircuits,
  tables: readonly Float64Array[],
  sum: Float64Array,
  largest: number,
  depth: number,
  done: Work,
): number {
  const { vocab } = circuits;
  const table = tables[depth] as Float64Array;
  if (depth === tables.length - 1) return countCorrect(vocab, table, sum, largest, done);
  const next = new Float64Array(vocab);
  let correct = 0;
  for (let token = 0; token < vocab; token++) {
    for (let out = 0; out < vocab; out++) {
      next[out] = (sum[out] as number) + (table[token * vocab + out] as number);
    }
    done.count(vocab);
    correct += descend(circuits, tables, next, Math.max(largest, token), depth + 1, done);
  }
  return correct;
}

function countCorrect(
  vocab: number,
  table: Float64Array,
  sum: Float64Array,
  largest: number,
  done: Work,
): number {
  let correct = 0;
  for (let token = 0; token < vocab; token++) {
    const label = token > largest ? token : largest;
    const at = token * vocab;
    const right = (sum[label] as number) + (table[at + label] as number);
    let out = 0;
    for (; out < vocab; out++) {
      const other = (sum[out] as number) + (table[at + out] as number);
      if (other > right || (other === right && out < label)) break;
    }
    if (out === vocab) correct += 1;
  }
  done.count(2 * vocab * vocab);
  return correct;
}
