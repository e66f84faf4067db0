/**
 * Logits of the last position without the rows nobody reads. Before the first attention a row
 * depends on (token, position) alone, so it is computed once per distinct pair and looked up; in
 * the last block only the last position has a query, an MLP and logits.
 */

import { broadcastTo, type Tensor, take, tensor } from "../../arrays/index.ts";
import { ShapeError } from "../../core/errors.ts";
import { weight } from "../layers/affine.ts";
import { type Attended, attendPairs, attendSequence, lookUp } from "../layers/last-row.ts";
import { normalize } from "../layers/norm.ts";
import { rotate } from "../layers/rotary.ts";
import type { TokenTable, Weights } from "../model.ts";
import { type Column, columns } from "../token-table.ts";
import { attend, intoHeads, scoreDivisor } from "./attention.ts";
import type { HookedTransformerConfig, PositionalEmbeddingType } from "./config.ts";
import type { Context } from "./context.ts";
import { block, finishBlock, forward, unembed } from "./forward.ts";
import { type LastRows, tail } from "./tail.ts";

/** Positions for which rows are computed per pair; the others take the whole forward pass. */
const dedupesRows: { readonly [P in PositionalEmbeddingType]: boolean } = {
  standard: true,
  rotary: true,
  shortformer: false,
  alibi: false,
};

/** `forward(...)[:, -1]` up to rounding: logits "batch d_vocab_out". */
export function lastLogits(
  weights: Weights,
  config: HookedTransformerConfig,
  table: TokenTable,
): Tensor {
  const { batch, length } = table;
  if (length > config.nCtx) {
    throw new ShapeError(
      `lastLogits: tokens "batch pos" of at most nCtx = ${config.nCtx} positions`,
      [batch, config.nCtx],
      [batch, length],
    );
  }
  const plain = { ...config, useAttnIn: false, useSplitQkvInput: false, useAttnResult: false };
  const context: Context = { weights, config: plain, hook: (_, x) => x };
  if (!dedupesRows[config.positionalEmbeddingType]) {
    const tokens = take(tensor(table.tokens), tensor(table.index), 0);
    return forward(weights, plain, tokens, context.hook).at([], -1);
  }
  const logits = logitsOf(context, table);
  const shape = [batch, config.dVocabOut];
  return logits.shape[0] === batch ? logits : broadcastTo(logits, shape);
}

function logitsOf(context: Context, table: TokenTable): Tensor {
  const { weights, config, hook } = context;
  const cut = columns(table);
  const last = cut.at(-1) as Column;
  const pairs = embedPairs(context, table);
  const spread = (rows: Tensor): Tensor => lookUp(rows, last);
  const x: LastRows = { rows: pairs.at([last.start, last.end]), spread };
  if (config.nLayers === 0) {
    return spread(unembed(context, normalize(x.rows, "ln_final", config, weights, hook)));
  }
  if (config.nLayers === 1) {
    return tail(context, 0, x, lastRowFromPairs(context, pairs, table, cut));
  }
  const top = config.nLayers - 1;
  let residual = firstBlock(context, pairs, table);
  for (let layer = 1; layer < top; layer++) residual = block(context, layer, residual);
  const own: LastRows = { rows: residual.at([], -1), spread: (rows) => rows };
  return tail(context, top, own, { own: lastOfSequence(context, top, residual), shared: null });
}

/** Residual stream of each distinct pair before the first block, "pair d_model". */
function embedPairs({ weights, config }: Context, { tokens, positions }: TokenTable): Tensor {
  const tokenPart = take(weight(weights, "embed.W_E"), tensor(tokens), 0);
  if (config.positionalEmbeddingType !== "standard") return tokenPart;
  return tokenPart.add(take(weight(weights, "pos_embed.W_pos"), tensor(positions), 0));
}

/** Attention output of the last position in the first block. */
function lastRowFromPairs(
  context: Context,
  pairs: Tensor,
  table: TokenTable,
  cut: readonly Column[],
): Attended {
  const { weights, config, hook } = context;
  const { start, end } = cut.at(-1) as Column;
  const x = normalize(pairs, "blocks.0.ln1", config, weights, hook);
  const positions = table.positions.data;
  const turn = (y: Tensor, at: ArrayLike<number>): Tensor =>
    config.positionalEmbeddingType === "rotary" ? rotate(y, at, config) : y;
  const q = turn(intoHeads(context, 0, "Q", x.at([start, end])), positions.slice(start, end));
  const k = turn(intoHeads(context, 0, "K", x), positions);
  return attendPairs(q.div(scoreDivisor(config)), k, intoHeads(context, 0, "V", x), cut);
}

/** The first block of several, "batch pos d_model": queries, keys and values are looked up. */
function firstBlock(context: Context, pairs: Tensor, table: TokenTable): Tensor {
  const { weights, config, hook } = context;
  const index = tensor(table.index);
  const x = normalize(pairs, "blocks.0.ln1", config, weights, hook);
  const heads = (letter: "Q" | "K" | "V"): Tensor =>
    take(intoHeads(context, 0, letter, x), index, 0);
  const attended = attend(context, 0, heads("Q"), heads("K"), heads("V"));
  return finishBlock(context, 0, take(pairs, index, 0), attended);
}

/** Attention output "batch head d_head" of the last position in a later block. */
function lastOfSequence(context: Context, layer: number, residual: Tensor): Tensor {
  const { weights, config, hook } = context;
  const length = residual.shape[1] as number;
  const x = normalize(residual, `blocks.${layer}.ln1`, config, weights, hook);
  const k = intoHeads(context, layer, "K", x);
  const v = intoHeads(context, layer, "V", x);
  const q = intoHeads(context, layer, "Q", x.at([], [length - 1]));
  if (config.positionalEmbeddingType !== "rotary") {
    return attendSequence(q.at([], 0).div(scoreDivisor(config)), k, v);
  }
  const positions = Array.from({ length }, (_, pos) => pos);
  const turnedQ = rotate(q, [length - 1], config).at([], 0);
  return attendSequence(turnedQ.div(scoreDivisor(config)), rotate(k, positions, config), v);
}
