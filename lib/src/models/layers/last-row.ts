/** Attention with one query per sequence: that of the last position, which sees every key. */

import {
  exp,
  maximum,
  softmax,
  stopGradient,
  type Tensor,
  take,
  tensor,
} from "../../arrays/index.ts";
import type { Column } from "../token-table.ts";

/**
 * Rows "batch …" of a table "row …" of one position. A table of one row is left as it is, and
 * broadcasts.
 */
export function lookUp(rows: Tensor, column: Column): Tensor {
  return rows.shape[0] === 1 ? rows : take(rows, tensor(column.index), 0);
}

/** An attention output "batch head d_head": `own` plus a row "1 head d_head" that all share. */
export interface Attended {
  readonly own: Tensor;
  readonly shared: Tensor | null;
}

/**
 * Attention output of the last position, from a table of pairs: keys and values
 * "pair head d_head", queries "row head d_head" of the pairs of the last column, divided already.
 * With a single query the scores are computed per pair and only they are looked up. Since the
 * attention a_p sums to 1, sum a_p v_p = c + sum a_p (v_p - c) for any c: a position with a single
 * value is taken as c, and costs nothing per sequence. The first axis of `own` is 1 when the
 * sequences are all the same.
 */
export function attendPairs(q: Tensor, k: Tensor, v: Tensor, columns: readonly Column[]): Attended {
  const last = columns.at(-1) as Column;
  const rows = (x: Tensor, { start, end }: Column): Tensor => x.at([start, end]);
  const single = q.shape[0] === 1;
  const table = single ? k.mul(q).sum(-1) : k;
  const query = single ? undefined : lookUp(q, last);
  const scores = columns.map((column) => {
    const found = lookUp(rows(table, column), column);
    return query === undefined ? found : found.mul(query).sum(-1);
  });
  const constant = columns.findLast(({ start, end }) => end - start === 1);
  const shared = constant === undefined ? null : rows(v, constant);
  const parts = softmaxOver(scores).flatMap((a, pos) => {
    const column = columns[pos] as Column;
    if (column === constant) return [];
    const values = shared === null ? rows(v, column) : rows(v, column).sub(shared);
    return [a.at([], [], null).mul(lookUp(values, column))];
  });
  if (parts.length === 0) return { own: shared as Tensor, shared: null };
  return { own: parts.reduce((sum, x) => sum.add(x)), shared };
}

/** Softmax over a list of scores "batch head", one for each source position. */
function softmaxOver(scores: readonly Tensor[]): Tensor[] {
  const top = stopGradient(scores.reduce((a, b) => maximum(a, b)));
  const weights = scores.map((s) => exp(s.sub(top)));
  const total = weights.reduce((a, b) => a.add(b));
  return weights.map((w) => w.div(total));
}

/** The same for queries "batch head d_head" and keys and values "batch pos head d_head". */
export function attendSequence(q: Tensor, k: Tensor, v: Tensor): Tensor {
  const scores = k.mul(q.at([], null)).sum(-1);
  return softmax(scores, 1).at([], [], [], null).mul(v).sum(1);
}
