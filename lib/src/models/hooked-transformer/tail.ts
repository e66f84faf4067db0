/** From the attention output of the last position to its logits, associated as is cheapest. */

import { matmul, type Tensor } from "../../arrays/index.ts";
import { addBias, joinOut, weight } from "../layers/affine.ts";
import { normalize } from "../layers/norm.ts";
import { type Context, neurons, unembed } from "./forward.ts";

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

/** The plan with the fewest multiply-adds; valid only without normalisation in between. */
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

/** Logits "batch d_vocab_out" after block `layer`, from its attention output z "batch (head d_head)". */
export function tail(context: Context, layer: number, x: LastRows, z: Tensor): Tensor {
  const { config } = context;
  if (config.normalizationType !== null) return separate(context, layer, x, z);
  const plan = cheapestTail({
    batch: z.shape[0] as number,
    rows: x.rows.shape[0] as number,
    dHeads: config.nHeads * config.dHead,
    dModel: config.dModel,
    dMlp: config.attnOnly ? 0 : config.dMlp,
    reads: config.gatedMlp ? 2 : 1,
    dVocabOut: config.dVocabOut,
  });
  return tails[plan](context, layer, x, z);
}

type Tail = (context: Context, layer: number, x: LastRows, z: Tensor) => Tensor;

const tails: { readonly [P in TailPlan]: Tail } = { separate, joinOutput, joinAll };

/** Residual stream after attention, "batch d_model". */
function middleOf({ weights }: Context, layer: number, x: LastRows, z: Tensor): Tensor {
  const name = `blocks.${layer}.attn`;
  const attended = matmul(z, joinOut(weight(weights, `${name}.W_O`)));
  return addBias(attended.add(x.spread(x.rows)), weights, `${name}.b_O`);
}

function separate(context: Context, layer: number, x: LastRows, z: Tensor): Tensor {
  const { weights, config, hook } = context;
  const name = `blocks.${layer}`;
  const final = (residual: Tensor): Tensor =>
    unembed(context, normalize(residual, "ln_final", config, weights, hook));
  const middle = middleOf(context, layer, x, z);
  if (config.attnOnly) return final(middle);
  const input = normalize(middle, `${name}.ln2`, config, weights, hook);
  const post = neurons(context, layer, (w) => matmul(input, w));
  const out = matmul(post, weight(weights, `${name}.mlp.W_out`));
  return final(addBias(middle.add(out), weights, `${name}.mlp.b_out`));
}

function joinOutput(context: Context, layer: number, x: LastRows, z: Tensor): Tensor {
  const { weights, config } = context;
  const middle = middleOf(context, layer, x, z);
  if (config.attnOnly) return unembed(context, middle);
  const post = neurons(context, layer, (w) => matmul(middle, w));
  const joined = matmul(
    post,
    matmul(weight(weights, `blocks.${layer}.mlp.W_out`), weight(weights, "unembed.W_U")),
  );
  return unembed(context, addBias(middle, weights, `blocks.${layer}.mlp.b_out`)).add(joined);
}

function joinAll(context: Context, layer: number, x: LastRows, z: Tensor): Tensor {
  const { weights, config } = context;
  const name = `blocks.${layer}`;
  const wO = joinOut(weight(weights, `${name}.attn.W_O`));
  const rows = addBias(x.rows, weights, `${name}.attn.b_O`);
  const read = (w: Tensor): Tensor => matmul(z, matmul(wO, w)).add(x.spread(matmul(rows, w)));
  const wU = weight(weights, "unembed.W_U");
  if (config.attnOnly) return addBias(read(wU), weights, "unembed.b_U");
  const post = neurons(context, layer, read);
  const direct = x.spread(unembed(context, addBias(rows, weights, `${name}.mlp.b_out`)));
  const attended = matmul(z, matmul(wO, wU));
  const joined = matmul(post, matmul(weight(weights, `${name}.mlp.W_out`), wU));
  return attended.add(joined).add(direct);
}
