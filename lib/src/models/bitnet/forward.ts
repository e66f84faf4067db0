import {
  einsum,
  matmul,
  maximum,
  relu,
  softmax,
  sqrt,
  square,
  type Tensor,
  take,
} from "../../arrays/index.ts";
import { ShapeError } from "../../core/errors.ts";
import { joinHeads, joinOut, project, weight } from "../layers/affine.ts";
import type { Hook, Weights } from "../model.ts";
import type { BitNetConfig } from "./config.ts";
import { quantizeInput, quantizeWeights } from "./quantize.ts";

/** Quantized weights, configuration and hook. */
export interface Context {
  readonly weights: Weights;
  readonly config: BitNetConfig;
  readonly hook: Hook;
}

/**
 * Logits "batch pos d_vocab_out" of int32 tokens "batch pos": no positions and no mask, scores
 * divided by sqrt(dModel), ReLU, one RMSNorm at the end, embedding and unembedding in full precision.
 */
export function forward(
  trained: Weights,
  config: BitNetConfig,
  tokens: Tensor,
  hook: Hook,
): Tensor {
  if (tokens.ndim !== 2) {
    throw new ShapeError('forward: tokens "batch pos"', [-1, -1], tokens.shape);
  }
  const context = { weights: quantizeWeights(trained, config), config, hook };
  let residual = hook("hook_embed", take(weight(trained, "embed.W_E"), tokens, 0));
  for (let layer = 0; layer < config.nLayers; layer++) residual = block(context, layer, residual);
  return unembed(context, residual);
}

/** One block: the residual stream after attention and MLP, "batch pos d_model". */
export function block(context: Context, layer: number, input: Tensor): Tensor {
  const before = context.hook(`blocks.${layer}.hook_resid_pre`, input);
  const x = quantizeInput(before, context.config);
  const [q, k, v] = (["Q", "K", "V"] as const).map((letter) =>
    intoHeads(context, layer, letter, x),
  );
  return finishBlock(
    context,
    layer,
    before,
    attend(context, layer, q as Tensor, k as Tensor, v as Tensor),
  );
}

/** Queries, keys or values "… head d_head" of quantized inputs "… d_model". */
export function intoHeads(
  { weights, hook }: Context,
  layer: number,
  letter: "Q" | "K" | "V",
  x: Tensor,
): Tensor {
  const name = `blocks.${layer}.attn`;
  const heads = project(x, weight(weights, `${name}.W_${letter}`));
  return hook(`${name}.hook_${letter.toLowerCase()}`, heads);
}

/** z "batch pos head d_head" of queries, keys and values of that shape. */
export function attend(
  { config, hook }: Context,
  layer: number,
  q: Tensor,
  k: Tensor,
  v: Tensor,
): Tensor {
  const name = `blocks.${layer}.attn`;
  const products = einsum("bdhe,bshe->bhds", q, k).div(Math.sqrt(config.dModel));
  const scores = hook(`${name}.hook_attn_scores`, products);
  const pattern = hook(`${name}.hook_pattern`, softmax(scores, -1));
  return hook(`${name}.hook_z`, einsum("bhds,bshe->bdhe", pattern, v));
}

/** The rest of a block, from its input "… d_model" and z "… head d_head". */
export function finishBlock(context: Context, layer: number, before: Tensor, z: Tensor): Tensor {
  const { weights, config, hook } = context;
  const name = `blocks.${layer}`;
  const times = (x: Tensor, w: Tensor): Tensor => matmul(quantizeInput(x, config), w);
  const attended = times(joinHeads(z), joinOut(weight(weights, `${name}.attn.W_O`)));
  const summed = before.add(hook(`${name}.hook_attn_out`, attended));
  const middle = hook(`${name}.hook_resid_mid`, summed);
  const pre = hook(`${name}.mlp.hook_pre`, times(middle, weight(weights, `${name}.mlp.W_in`)));
  const post = hook(`${name}.mlp.hook_post`, relu(pre));
  const out = hook(`${name}.hook_mlp_out`, times(post, weight(weights, `${name}.mlp.W_out`)));
  return hook(`${name}.hook_resid_post`, middle.add(out));
}

/** Logits of the residual stream "… d_model": x / |x| * sqrt(d_model) * w, then W_U. */
export function unembed({ weights, config, hook }: Context, residual: Tensor): Tensor {
  const squared = maximum(square(residual).sum(-1, { keepdims: true }), 1e-24);
  const scale = hook("ln_final.hook_scale", sqrt(squared).div(Math.sqrt(config.dModel)));
  const normalized = hook("ln_final.hook_normalized", residual.div(scale));
  const input = hook("unembed.hook_in", normalized.mul(weight(weights, "ln_final.w")));
  return hook("unembed.hook_out", matmul(input, weight(weights, "unembed.W_U")));
}
