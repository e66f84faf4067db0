/**
 * Logits of chosen positions without the rows nobody reads: in the last block only these positions
 * have a query, an MLP and logits. In a single block, keys and values depend on (token, position)
 * alone, and are computed once per pair where that is cheaper than once per token read.
 */

import {
  einsum,
  matmul,
  oneHot,
  ones,
  softmax,
  type Tensor,
  take,
  tril,
  where,
} from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { weight } from "../layers/affine.ts";
import { normalize } from "../layers/norm.ts";
import type { Weights } from "../model.ts";
import { intoHeads, scoreDivisor } from "./attention.ts";
import type { HookedTransformerConfig } from "./config.ts";
import type { Context } from "./context.ts";
import { block, checkedLength, embed, forward, unembed } from "./forward.ts";
import { tail } from "./tail.ts";

/**
 * `forward(...)[:, positions]` up to rounding: logits "batch pos d_vocab_out", without hooks.
 * Positions other than "standard" take the whole forward pass. @throws InputError for positions out of order.
 */
export function logitsAt(
  weights: Weights,
  config: HookedTransformerConfig,
  tokens: Tensor,
  positions: readonly number[],
): Tensor {
  const batch = tokens.shape[0] as number;
  const length = checkedLength(config, tokens);
  const wrong = positions.find((p, i) => !(p > (positions[i - 1] ?? -1) && p < length));
  if (wrong !== undefined || positions.length === 0) {
    throw new InputError(
      `logitsAt: positions must ascend within 0 … ${length - 1}, got [${positions}]`,
    );
  }
  const plain = { ...config, useAttnIn: false, useSplitQkvInput: false, useAttnResult: false };
  const context: Context = { weights, config: plain, hook: (_, x) => x };
  if (config.positionalEmbeddingType !== "standard") {
    return rowsAt(forward(weights, plain, tokens, context.hook), positions);
  }
  const bidirectional = config.attentionDir === "bidirectional";
  const read = bidirectional ? tokens : tokens.at([], [0, (positions.at(-1) as number) + 1]);
  const logits = logitsOf(context, read, positions);
  return logits.reshape([batch, positions.length, config.dVocabOut]);
}

/** "(batch pos) d_vocab_out" */
function logitsOf(context: Context, tokens: Tensor, positions: readonly number[]): Tensor {
  const { config, weights, hook } = context;
  if (cheaperByPair(context, tokens, positions)) return oneBlock(context, tokens, positions);
  const top = config.nLayers - 1;
  let { residual } = embed(context, tokens);
  for (let layer = 0; layer < top; layer++) residual = block(context, layer, residual);
  const rows = rowsAt(residual, positions).reshape([-1, config.dModel]);
  if (top < 0) return unembed(context, normalize(rows, "ln_final", config, weights, hook));
  const own = attendRows(context, top, residual, positions);
  return tail(context, top, { rows, spread: (x) => x }, { own, shared: null });
}

/** "batch pos …" at some positions. */
function rowsAt(x: Tensor, positions: readonly number[]): Tensor {
  const [first = 0, last = 0] = [positions[0], positions.at(-1)];
  if (last - first === positions.length - 1) return x.at([], [first, last + 1]);
  return take(x, [...positions], 1);
}

/** Attention output "(batch pos) head d_head" of some positions of a residual stream. */
function attendRows(
  context: Context,
  layer: number,
  residual: Tensor,
  positions: readonly number[],
): Tensor {
  const { weights, config, hook } = context;
  const x = normalize(residual, `blocks.${layer}.ln1`, config, weights, hook);
  const q = intoHeads(context, layer, "Q", rowsAt(x, positions)).div(scoreDivisor(config));
  const k = intoHeads(context, layer, "K", x);
  const v = intoHeads(context, layer, "V", x);
  const pattern = patternOf(config, einsum("bdhe,bshe->bhds", q, k), positions);
  return einsum("bhds,bshe->bdhe", pattern, v).reshape([-1, config.nHeads, config.dHead]);
}

/** Whether one block costs less with its keys and values computed per (token, position). */
function cheaperByPair(
  { config }: Context,
  tokens: Tensor,
  { length: asked }: readonly number[],
): boolean {
  const { nLayers, nHeads, dHead, dModel, dVocab } = config;
  if (nLayers !== 1) return false;
  const [batch = 0, length = 0] = tokens.shape;
  const width = 2 * nHeads * dHead;
  const perElement = 8;
  const perRow = batch * length * width * (dModel + asked);
  const perPair =
    length * dVocab * (width * dModel + batch * asked * (width + perElement * nHeads));
  return perPair < perRow;
}

/** The only block, with queries, keys and values of all pairs: "pos d_vocab head d_head". */
function oneBlock(context: Context, tokens: Tensor, positions: readonly number[]): Tensor {
  const { weights, config, hook } = context;
  const { dModel, dVocab } = config;
  const [batch, length] = tokens.shape as [number, number];
  const W_E = weight(weights, "embed.W_E").reshape([1, dVocab, dModel]);
  const W_pos = weight(weights, "pos_embed.W_pos").at([0, length]).reshape([length, 1, dModel]);
  const pairs = W_E.add(W_pos);
  const is = oneHot(tokens, dVocab);
  const asked = rowsAt(is, positions);
  const rows = einsum("bdt,dtm->bdm", asked, pairsAt(pairs, positions));
  const x = normalize(pairs, "blocks.0.ln1", config, weights, hook);
  const q = intoHeads(context, 0, "Q", pairsAt(x, positions)).div(scoreDivisor(config));
  const seen = is.reshape([1, batch, 1, length, dVocab]);
  const own = attendPairs(context, einsum("bdt,dthe->hbde", asked, q), x, seen, positions);
  const flat = rows.reshape([-1, dModel]);
  return tail(context, 0, { rows: flat, spread: (y) => y }, { own, shared: null });
}

/**
 * Attention output "(batch dest) head d_head" of queries "head batch dest d_head", over the
 * normalized pairs "src d_vocab d_model" that the one-hot `seen` "1 batch 1 src d_vocab" selects.
 */
function attendPairs(
  context: Context,
  q: Tensor,
  x: Tensor,
  seen: Tensor,
  positions: readonly number[],
): Tensor {
  const [head, batch, dest, dHead] = q.shape as [number, number, number, number];
  const [length, dVocab] = x.shape as [number, number];
  const pairs = length * dVocab;
  const table = (letter: "K" | "V"): Tensor =>
    intoHeads(context, 0, letter, x).reshape([pairs, head, dHead]).transpose([1, 0, 2]);
  const all = matmul(q.reshape([head, batch * dest, dHead]), table("K").transpose([0, 2, 1]));
  const spread = all.reshape([head, batch, dest, length, dVocab]);
  const scores = spread.mul(seen).sum(-1);
  const pattern = patternOf(context.config, scores, positions);
  const weighted = pattern.at([], [], [], [], null).mul(seen);
  return matmul(weighted.reshape([head, batch * dest, pairs]), table("V")).transpose([1, 0, 2]);
}

/** "pos d_vocab …" at some positions. */
function pairsAt(x: Tensor, positions: readonly number[]): Tensor {
  return rowsAt(x.at(null), positions).at(0);
}

/** Softmax of scores "… dest src" whose destinations are some positions. */
function patternOf(
  { attentionDir }: HookedTransformerConfig,
  scores: Tensor,
  positions: readonly number[],
): Tensor {
  if (attentionDir === "bidirectional") return softmax(scores, -1);
  const length = scores.shape[3] as number;
  const mask = rowsAt(tril(ones([1, length, length], { dtype: "bool" })), positions);
  return softmax(where(mask, scores, Number.NEGATIVE_INFINITY), -1);
}
