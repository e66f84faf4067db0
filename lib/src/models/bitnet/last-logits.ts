/** Logits of the last position without the rows nobody reads; see the HookedTransformer's. */

import { broadcastTo, type Tensor, take, tensor } from "../../arrays/index.ts";
import { weight } from "../layers/affine.ts";
import { attendPairs, attendSequence, lookUp } from "../layers/last-row.ts";
import type { TokenTable, Weights } from "../model.ts";
import { type Column, columns } from "../token-table.ts";
import type { BitNetConfig } from "./config.ts";
import { attend, block, type Context, finishBlock, intoHeads, unembed } from "./forward.ts";
import { quantizeInput, quantizeWeights } from "./quantize.ts";

/** `forward(...)[:, -1]` up to rounding: logits "batch d_vocab_out". */
export function lastLogits(trained: Weights, config: BitNetConfig, table: TokenTable): Tensor {
  const context: Context = {
    weights: quantizeWeights(trained, config),
    config,
    hook: (_, x) => x,
  };
  const pairs = take(weight(trained, "embed.W_E"), tensor(table.tokens), 0);
  const logits = unembed(context, lastResidual(context, pairs, table));
  return broadcastTo(logits, [table.batch, config.dVocabOut]);
}

/** Residual stream of the last position after the last block, "batch d_model". */
function lastResidual(context: Context, pairs: Tensor, table: TokenTable): Tensor {
  const { config } = context;
  if (config.nLayers === 1) return lastRowFromPairs(context, pairs, columns(table));
  const top = config.nLayers - 1;
  let residual = firstBlock(context, pairs, table);
  for (let layer = 1; layer < top; layer++) residual = block(context, layer, residual);
  const x = quantizeInput(residual, config);
  const q = intoHeads(context, top, "Q", x.at([], -1)).div(Math.sqrt(config.dModel));
  const k = intoHeads(context, top, "K", x);
  const z = attendSequence(q, k, intoHeads(context, top, "V", x));
  return finishBlock(context, top, residual.at([], -1), z);
}

function lastRowFromPairs(context: Context, pairs: Tensor, cut: readonly Column[]): Tensor {
  const { config } = context;
  const last = cut.at(-1) as Column;
  const x = quantizeInput(pairs, config);
  const q = intoHeads(context, 0, "Q", x.at([last.start, last.end]));
  const k = intoHeads(context, 0, "K", x);
  const v = intoHeads(context, 0, "V", x);
  const { own, shared } = attendPairs(q.div(Math.sqrt(config.dModel)), k, v, cut);
  const z = shared === null ? own : own.add(shared);
  return finishBlock(context, 0, lookUp(pairs.at([last.start, last.end]), last), z);
}

function firstBlock(context: Context, pairs: Tensor, table: TokenTable): Tensor {
  const index = tensor(table.index);
  const x = quantizeInput(pairs, context.config);
  const heads = (letter: "Q" | "K" | "V"): Tensor =>
    take(intoHeads(context, 0, letter, x), index, 0);
  const z = attend(context, 0, heads("Q"), heads("K"), heads("V"));
  return finishBlock(context, 0, take(pairs, index, 0), z);
}
