/** Models that read the first two tokens of a sequence and give one answer. */

import { broadcastTo, type Tensor, take, tensor } from "../../arrays/index.ts";
import { ShapeError } from "../../core/errors.ts";
import type { TokenTable } from "../model.ts";
import { type Column, columns } from "../token-table.ts";

/** Rows "batch …" of the first (0) and second (1) token of int32 tokens "batch pos". */
export function rowsOfToken(table: Tensor, tokens: Tensor, which: 0 | 1): Tensor {
  const [, length = 0] = tokens.shape;
  if (tokens.ndim !== 2 || length < 2) {
    throw new ShapeError(
      'forward: tokens "batch pos" with two positions or more',
      [-1, -1],
      tokens.shape,
    );
  }
  return take(table, tokens.at([], which), 0);
}

/** Logits "batch d_vocab_out" at every one of the positions: "batch pos d_vocab_out". */
export function atEveryPosition(logits: Tensor, tokens: Tensor): Tensor {
  const [batch, outputs] = logits.shape as [number, number];
  return broadcastTo(logits.at([], null), [batch, tokens.shape[1] as number, outputs]);
}

/** The distinct tokens at the first two positions. */
export function firstTwo(table: TokenTable): readonly [Side, Side] {
  const [a, b] = columns(table);
  if (a === undefined || b === undefined) {
    throw new ShapeError(
      'lastLogits: tokens "batch pos" with two positions or more',
      [-1, -1],
      [table.batch, table.length],
    );
  }
  return [side(table, a), side(table, b)];
}

export interface Side {
  /** Rows "token …" of the distinct tokens of this position. */
  rows(weight: Tensor): Tensor;
  /** From rows "token …" to rows "batch …". */
  spread(rows: Tensor): Tensor;
}

function side(table: TokenTable, { start, end, index }: Column): Side {
  const tokens = table.tokens.data.subarray(start, end);
  const inOrder = tokens.every((token, i) => token === i);
  return {
    rows: (weight) =>
      inOrder && tokens.length === weight.shape[0]
        ? weight
        : take(
            weight,
            tensor({ dtype: "int32", shape: [end - start], data: Int32Array.from(tokens) }),
            0,
          ),
    spread: (rows) => take(rows, tensor(index), 0),
  };
}
