import { ShapeError } from "../core/errors.ts";
import { type NdArray, nd } from "../core/nd.ts";
import type { TokenTable } from "./model.ts";

/**
 * The distinct (token, position) pairs of int32 tokens "batch pos", grouped by position and sorted
 * by token, and where each occurs.
 */
export function tokenTable(tokens: NdArray): TokenTable {
  const [batch, length] = tokens.shape;
  if (batch === undefined || length === undefined || tokens.shape.length !== 2) {
    throw new ShapeError('tokenTable: tokens "batch pos"', [-1, -1], tokens.shape);
  }
  const pairTokens: number[] = [];
  const pairPositions: number[] = [];
  const index = new Int32Array(batch * length);
  for (let pos = 0; pos < length; pos++) {
    const column = Int32Array.from({ length: batch }, (_, b) => tokens.data[b * length + pos] ?? 0);
    const distinct = [...new Set(column)].sort((a, b) => a - b);
    const rowOf = new Map(distinct.map((token, i) => [token, pairTokens.length + i]));
    for (const [b, token] of column.entries()) index[b * length + pos] = rowOf.get(token) ?? 0;
    for (const token of distinct) {
      pairTokens.push(token);
      pairPositions.push(pos);
    }
  }
  return {
    batch,
    length,
    tokens: nd("int32", [pairTokens.length], pairTokens),
    positions: nd("int32", [pairTokens.length], pairPositions),
    index: nd("int32", [batch, length], index),
  };
}

/** The pairs of one position: rows `start` to `end` of the table, and which of them each sequence has. */
export interface Column {
  readonly start: number;
  readonly end: number;
  /** int32 "batch": row of each sequence, counted from `start`. */
  readonly index: NdArray;
}

/** The table cut by position. */
export function columns({ batch, length, positions, index }: TokenTable): readonly Column[] {
  return Array.from({ length }, (_, pos) => {
    const start = positions.data.indexOf(pos);
    const end = positions.data.lastIndexOf(pos) + 1;
    const rows = Int32Array.from(
      { length: batch },
      (_, b) => (index.data[b * length + pos] ?? 0) - start,
    );
    return { start, end, index: nd("int32", [batch], rows) };
  });
}
