import { broadcastTo, matmul, type Tensor, take, where } from "../../arrays/index.ts";
import { InputError, ShapeError } from "../../core/errors.ts";
import { activations } from "../layers/activation.ts";
import { addBias, weight } from "../layers/affine.ts";
import { normalize } from "../layers/norm.ts";
import { paddingOf } from "../layers/padding.ts";
import type { Hook, Span, Weights } from "../model.ts";
import { attention } from "./attention.ts";
import type { HookedTransformerConfig } from "./config.ts";
import type { Context } from "./context.ts";

/** Logits "batch pos d_vocab_out" of int32 tokens "batch pos". Formulas: TransformerLens 3.5. */
export function forward(
  weights: Weights,
  config: HookedTransformerConfig,
  tokens: Tensor,
  hook: Hook,
): Tensor {
  return forwardSpan(weights, config, tokens, hook, {});
}

/**
 * The pass from block `startAtLayer` (whose input `input` then is) to before block `stopAtLayer`;
 * whole without them. Shortformer's positions are read from the weights in any case.
 */
export function forwardSpan(
  weights: Weights,
  config: HookedTransformerConfig,
  input: Tensor,
  hook: Hook,
  { startAtLayer, stopAtLayer, attentionMask, unembed: toLogits = true }: Span,
): Tensor {
  const { nLayers } = config;
  const start = startAtLayer === undefined ? 0 : layerOf("startAtLayer", startAtLayer, nLayers);
  const stop = stopAtLayer === undefined ? nLayers : layerOf("stopAtLayer", stopAtLayer, nLayers);
  if (stop < start) {
    throw new InputError(
      `forward: stopAtLayer must not be before startAtLayer, got ${stop} and ${start}`,
    );
  }
  const padding = attentionMask && paddingOf(attentionMask, input.shape);
  const plain = { weights, config, hook, padding };
  const embedded = startAtLayer === undefined ? embed(plain, input) : checked(plain, input);
  const context = { ...plain, inputPositions: embedded.inputPositions };
  let { residual } = embedded;
  for (let layer = start; layer < stop; layer++) residual = block(context, layer, residual);
  if (stopAtLayer !== undefined) return residual;
  const final = normalize(residual, "ln_final", config, weights, hook);
  return toLogits ? unembed(context, final) : final;
}

/** A layer counted from 0. @throws InputError outside -nLayers … nLayers. */
function layerOf(name: string, layer: number, nLayers: number): number {
  if (Number.isInteger(layer) && Math.abs(layer) <= nLayers) {
    return layer < 0 ? layer + nLayers : layer;
  }
  throw new InputError(
    `forward: ${name} must be an integer from ${-nLayers} to ${nLayers}, got ${layer}`,
  );
}

/** What the first block reads. */
interface Embedded {
  /** "batch pos d_model" */
  readonly residual: Tensor;
  readonly inputPositions?: Tensor | undefined;
}

/** The residual stream before the first block, of int32 tokens "batch pos". */
export function embed(context: Context, tokens: Tensor): Embedded {
  const { weights, config, hook } = context;
  const length = checkedLength(config, tokens);
  const ids = config.useHookTokens ? hook("hook_tokens", tokens) : tokens;
  const tokenPart = hook("hook_embed", take(weight(weights, "embed.W_E"), ids, 0));
  const type = config.positionalEmbeddingType;
  if (type === "rotary" || type === "alibi") return { residual: tokenPart };
  const vectors = broadcastTo(learnedPositions(context, length), tokenPart.shape);
  const positions = hook("hook_pos_embed", vectors);
  if (type === "shortformer") return { residual: tokenPart, inputPositions: positions };
  return { residual: tokenPart.add(positions) };
}

/** Learned positions "pos d_model", or "batch pos d_model" with padding, whose vectors are 0. */
function learnedPositions({ weights, padding }: Context, length: number): Tensor {
  const vectors = weight(weights, "pos_embed.W_pos");
  if (padding === undefined) return vectors.at([0, length]);
  return where(padding.real.at([], [], null), take(vectors, padding.positions, 0), 0);
}

/** A residual stream in place of tokens. @throws ShapeError unless it is "batch pos d_model". */
function checked(context: Context, residual: Tensor): Embedded {
  const { nCtx, dModel, positionalEmbeddingType: type } = context.config;
  const [, length = 0, width] = residual.shape;
  if (residual.ndim !== 3 || length > nCtx || width !== dModel) {
    throw new ShapeError(
      `forward: startAtLayer reads a residual stream "batch pos d_model" of at most nCtx = ${nCtx} positions`,
      [-1, Math.min(length, nCtx), dModel],
      residual.shape,
    );
  }
  if (type !== "shortformer") return { residual };
  return { residual, inputPositions: learnedPositions(context, length) };
}

/** The number of positions of tokens "batch pos". @throws ShapeError above nCtx. */
export function checkedLength({ nCtx }: HookedTransformerConfig, tokens: Tensor): number {
  const length = tokens.shape[1];
  if (tokens.ndim === 2 && length !== undefined && length <= nCtx) return length;
  throw new ShapeError(
    `forward: tokens "batch pos" of at most nCtx = ${nCtx} positions`,
    [-1, Math.min(length ?? 1, nCtx)],
    tokens.shape,
  );
}

/** One block: the residual stream after attention and MLP, "batch pos d_model". */
export function block(context: Context, layer: number, input: Tensor): Tensor {
  const before = context.hook(`blocks.${layer}.hook_resid_pre`, input);
  return finishBlock(context, layer, before, attention(context, layer, before));
}

/** The rest of a block, from its input and its attention output. */
export function finishBlock(
  context: Context,
  layer: number,
  before: Tensor,
  attentionOut: Tensor,
): Tensor {
  const { config, hook } = context;
  const name = `blocks.${layer}`;
  const attended = before.add(hook(`${name}.hook_attn_out`, attentionOut));
  if (config.attnOnly) return hook(`${name}.hook_resid_post`, attended);
  const middle = hook(`${name}.hook_resid_mid`, attended);
  const out = hook(`${name}.hook_mlp_out`, mlp(context, layer, middle));
  return hook(`${name}.hook_resid_post`, middle.add(out));
}

/** Logits of the normalized residual stream "… d_model". */
export function unembed(context: Context, x: Tensor): Tensor {
  const { weights, hook } = context;
  const input = hook("unembed.hook_in", x);
  const logits = matmul(input, unembedding(context));
  return hook("unembed.hook_out", addBias(logits, weights, "unembed.b_U"));
}

/** W_U "d_model d_vocab_out". */
export function unembedding({ weights, config }: Context): Tensor {
  if (config.tieWordEmbeddings) return weight(weights, "embed.W_E").transpose();
  return weight(weights, "unembed.W_U");
}

function mlp(context: Context, layer: number, residual: Tensor): Tensor {
  const { weights, config, hook } = context;
  const name = `blocks.${layer}`;
  const input = config.useHookMlpIn ? hook(`${name}.hook_mlp_in`, residual) : residual;
  const x = normalize(input, `${name}.ln2`, config, weights, hook);
  const post = neurons(context, layer, (w) => matmul(x, w));
  return addBias(matmul(post, weight(weights, `${name}.mlp.W_out`)), weights, `${name}.mlp.b_out`);
}

/**
 * Activations "… d_mlp" of the MLP, whose input times a matrix "d_model d_mlp" is `read(matrix)`.
 * A gated MLP is act(x W_gate) (x W_in) + b_in, as in TransformerLens.
 */
export function neurons(
  { weights, config, hook }: Context,
  layer: number,
  read: (w: Tensor) => Tensor,
): Tensor {
  const name = `blocks.${layer}.mlp`;
  const activate = activations[config.actFn];
  const linear = read(weight(weights, `${name}.W_in`));
  if (config.gatedMlp) {
    const gate = hook(`${name}.hook_pre`, read(weight(weights, `${name}.W_gate`)));
    const product = activate(gate).mul(hook(`${name}.hook_pre_linear`, linear));
    return hook(`${name}.hook_post`, addBias(product, weights, `${name}.b_in`));
  }
  const active = activate(hook(`${name}.hook_pre`, addBias(linear, weights, `${name}.b_in`)));
  if (config.actFn !== "solu_ln") return hook(`${name}.hook_post`, active);
  const middle = hook(`${name}.hook_mid`, active);
  const norm = {
    normalizationType: config.normalizationType === "LN" ? "LN" : "LNPre",
    eps: config.eps,
  } as const;
  return hook(`${name}.hook_post`, normalize(middle, `${name}.ln`, norm, weights, hook));
}
