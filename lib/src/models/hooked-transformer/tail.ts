/** From the attention output of the last position to its logits, associated as is cheapest. */

import { matmul, type Tensor } from "../../arrays/index.ts";
import { addBias, joinHeads, joinOut, weight } from "../layers/affine.ts";
import type { Attended } from "../layers/last-row.ts";
import { normalize } from "../layers/norm.ts";
import type { Context } from "./context.ts";
import { neurons, unembed, unembedding } from "./forward.ts";

/** The residual stream before the last block: distinct rows, and the row of each sequence. */
export interface LastRows {
  /** "row d_model" */
  readonly rows: Tensor;
  /** From "row …" to "batch …", or to one row that broadcasts. */
  spread(rows: Tensor): Tensor;
}

export interface TailSizes {
  readonly batch: number;
  /** Distinct rows of the residual stream before the block. */
  readonly rows: number;
  /** nHeads * dHead. */
  readonly dHeads: number;
  readonly dModel: number;
  /** 0 without MLP. */
  readonly dMlp: number;
  /** Matrices the MLP reads with: 2 when gated, else 1. */
  readonly reads: number;
  readonly dVocabOut: number;
}

/**
 * Which matrices to multiply first. `separate`: none. `joinOutput`: W_out W_U. `joinAll`: W_O W_in,
 * W_O W_U and W_out W_U, so that nothing of width d_model is made per sequence.
 */
export type TailPlan = "separate" | "joinOutput" | "joinAll";

/** The plan with the fewest multiply-adds; valid only without normalization in between. */
export function cheapestTail(s: TailSizes): TailPlan {
  const { batch: b, rows, dHeads: k, dModel: d, dMlp: m, reads, dVocabOut: v } = s;
  const costs: { readonly [P in TailPlan]: number } = {
    separate: b * (k * d + reads * d * m + m * d + d * v),
    joinOutput: b * (k * d + reads * d * m + d * v + m * v) + m * d * v,
    joinAll: (b + d) * (reads * k * m + k * v + m * v) + rows * d * (reads * m + v),
  };
  const plans = Object.keys(costs) as TailPlan[];
  return plans.reduce((best, plan) => (costs[plan] < costs[best] ? plan : best));
}

/** Logits "batch d_vocab_out" after block `layer`, from the attention output of its last position. */
export function tail(context: Context, layer: number, x: LastRows, attended: Attended): Tensor {
  const { config } = context;
  const z = joinHeads(attended.own);
  const rows = constantRows(context, layer, x, attended.shared);
  const input: TailInput = { z, rows, spread: x.spread };
  if (config.normalizationType !== null) return separate(context, layer, input);
  const plan = cheapestTail({
    batch: z.shape[0] as number,
    rows: rows.shape[0] as number,
    dHeads: config.nHeads * config.dHead,
    dModel: config.dModel,
    dMlp: config.attnOnly ? 0 : config.dMlp,
    reads: config.gatedMlp ? 2 : 1,
    dVocabOut: config.dVocabOut,
  });
  return tails[plan](context, layer, input);
}

/** The residual stream after attention is z W_O + spread(rows). */
interface TailInput extends LastRows {
  /** "batch (head d_head)" */
  readonly z: Tensor;
}

type Tail = (context: Context, layer: number, input: TailInput) => Tensor;

const tails: { readonly [P in TailPlan]: Tail } = { separate, joinOutput, joinAll };

/** Everything of the residual stream after attention that depends on the row alone: "row d_model". */
function constantRows(
  { weights }: Context,
  layer: number,
  { rows }: LastRows,
  shared: Tensor | null,
): Tensor {
  const name = `blocks.${layer}.attn`;
  const biased = addBias(rows, weights, `${name}.b_O`);
  if (shared === null) return biased;
  return biased.add(matmul(joinHeads(shared), joinOut(weight(weights, `${name}.W_O`))));
}

/** Residual stream after attention, "batch d_model". */
function middleOf({ weights }: Context, layer: number, { z, rows, spread }: TailInput): Tensor {
  const w = joinOut(weight(weights, `blocks.${layer}.attn.W_O`));
  return matmul(z, w).add(spread(rows));
}

function separate(context: Context, layer: number, input: TailInput): Tensor {
  const { weights, config, hook } = context;
  const name = `blocks.${layer}`;
  const final = (residual: Tensor): Tensor =>
    unembed(context, normalize(residual, "ln_final", config, weights, hook));
  const middle = middleOf(context, layer, input);
  if (config.attnOnly) return final(middle);
  const x = normalize(middle, `${name}.ln2`, config, weights, hook);
  const post = neurons(context, layer, (w) => matmul(x, w));
  const out = matmul(post, weight(weights, `${name}.mlp.W_out`));
  return final(addBias(middle.add(out), weights, `${name}.mlp.b_out`));
}

function joinOutput(context: Context, layer: number, input: TailInput): Tensor {
  const { weights, config } = context;
  const middle = middleOf(context, layer, input);
  if (config.attnOnly) return unembed(context, middle);
  const post = neurons(context, layer, (w) => matmul(middle, w));
  const name = `blocks.${layer}.mlp`;
  const wOut = weight(weights, `${name}.W_out`);
  const joined = matmul(post, matmul(wOut, unembedding(context)));
  return unembed(context, addBias(middle, weights, `${name}.b_out`)).add(joined);
}

function joinAll(context: Context, layer: number, { z, rows, spread }: TailInput): Tensor {
  const { weights, config } = context;
  const name = `blocks.${layer}`;
  const wO = joinOut(weight(weights, `${name}.attn.W_O`));
  const attended = matmul(z, matmul(wO, unembedding(context)));
  if (config.attnOnly) return attended.add(spread(unembed(context, rows)));
  const post = neurons(context, layer, (w) =>
    matmul(z, matmul(wO, w)).add(spread(matmul(rows, w))),
  );
  const wOut = matmul(weight(weights, `${name}.mlp.W_out`), unembedding(context));
  const direct = unembed(context, addBias(rows, weights, `${name}.mlp.b_out`));
  return attended.add(matmul(post, wOut)).add(spread(direct));
}
