import {
  broadcastTo,
  einsum,
  expandDims,
  matmul,
  ones,
  softmax,
  type Tensor,
  take,
  tril,
  where,
} from "../../arrays/index.ts";
import { ShapeError } from "../../core/errors.ts";
import { activations } from "../layers/activation.ts";
import { addBias, joinHeads, joinOut, project, weight } from "../layers/affine.ts";
import { normalize } from "../layers/norm.ts";
import { rotate } from "../layers/rotary.ts";
import type { Hook, Weights } from "../model.ts";
import type { HookedTransformerConfig } from "./config.ts";

/** Everything a layer needs besides its input. */
export interface Context {
  readonly weights: Weights;
  readonly config: HookedTransformerConfig;
  readonly hook: Hook;
}

/** Logits "batch pos d_vocab_out" of int32 tokens "batch pos". Formulas: TransformerLens 3.5. */
export function forward(
  weights: Weights,
  config: HookedTransformerConfig,
  tokens: Tensor,
  hook: Hook,
): Tensor {
  const context = { weights, config, hook };
  let residual = embed(context, tokens);
  for (let layer = 0; layer < config.nLayers; layer++) residual = block(context, layer, residual);
  return unembed(context, normalize(residual, "ln_final", config, weights, hook));
}

/** Residual stream before the first block, "batch pos d_model". */
export function embed({ weights, config, hook }: Context, tokens: Tensor): Tensor {
  const length = checkedLength(config, tokens);
  const ids = config.useHookTokens ? hook("hook_tokens", tokens) : tokens;
  const tokenPart = hook("hook_embed", take(weight(weights, "embed.W_E"), ids, 0));
  if (config.positionalEmbeddingType !== "standard") return tokenPart;
  const positions = weight(weights, "pos_embed.W_pos").at([0, length]);
  return tokenPart.add(hook("hook_pos_embed", broadcastTo(positions, tokenPart.shape)));
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

/** Logits of the normalised residual stream "… d_model". */
export function unembed({ weights, hook }: Context, x: Tensor): Tensor {
  const input = hook("unembed.hook_in", x);
  const logits = matmul(input, weight(weights, "unembed.W_U"));
  return hook("unembed.hook_out", addBias(logits, weights, "unembed.b_U"));
}

function attention(context: Context, layer: number, residual: Tensor): Tensor {
  const inputs = attentionInputs(context, layer, residual);
  const q = intoHeads(context, layer, "Q", inputs.q);
  const k = intoHeads(context, layer, "K", inputs.k);
  const v = intoHeads(context, layer, "V", inputs.v);
  return attend(context, layer, q, k, v);
}

type Inputs = { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor };

/**
 * What queries, keys and values read: the normalised residual stream, per head when `useAttnIn` or
 * `useSplitQkvInput` is on. Inputs that no hook made different are normalised once, so that the
 * points of ln1 fire once.
 */
function attentionInputs(context: Context, layer: number, residual: Tensor): Inputs {
  const { weights, config, hook } = context;
  const name = `blocks.${layer}`;
  const perHead = () => {
    const [batch, pos, dModel] = residual.shape as [number, number, number];
    return broadcastTo(expandDims(residual, 2), [batch, pos, config.nHeads, dModel]);
  };
  const heads = config.useAttnIn || config.useSplitQkvInput ? perHead() : residual;
  const input = config.useAttnIn ? hook(`${name}.hook_attn_in`, heads) : heads;
  const split = (letter: string): Tensor =>
    config.useSplitQkvInput ? hook(`${name}.hook_${letter}_input`, heads) : input;
  const raw = [split("q"), split("k"), split("v")] as const;
  const normalized = new Map<Tensor, Tensor>();
  for (const x of raw) {
    if (!normalized.has(x)) {
      normalized.set(x, normalize(x, `${name}.ln1`, config, weights, hook));
    }
  }
  const [q, k, v] = raw.map((x) => normalized.get(x) as Tensor) as [Tensor, Tensor, Tensor];
  return { q, k, v };
}

/**
 * Queries, keys or values with their bias: "… d_model" to "… head d_head", or, when each head has
 * its own input, "batch pos head d_model" to "batch pos head d_head".
 */
export function intoHeads(
  { weights, hook }: Context,
  layer: number,
  letter: "Q" | "K" | "V",
  x: Tensor,
): Tensor {
  const name = `blocks.${layer}.attn`;
  const w = weight(weights, `${name}.W_${letter}`);
  const product = x.ndim === 4 ? einsum("bphd,hde->bphe", x, w) : project(x, w);
  const sum = addBias(product, weights, `${name}.b_${letter}`);
  return hook(`${name}.hook_${letter.toLowerCase()}`, sum);
}

/** Attention output "batch pos d_model" of queries, keys and values "batch pos head d_head". */
export function attend(context: Context, layer: number, q: Tensor, k: Tensor, v: Tensor): Tensor {
  const { weights, config, hook } = context;
  const name = `blocks.${layer}.attn`;
  const length = q.shape[1] as number;
  const turn = (x: Tensor, point: string): Tensor =>
    config.positionalEmbeddingType === "rotary"
      ? hook(
          `${name}.${point}`,
          rotate(
            x,
            Array.from({ length }, (_, pos) => pos),
            config,
          ),
        )
      : x;
  const turnedQ = turn(q, "hook_rot_q");
  const products = einsum("bdhe,bshe->bhds", turnedQ, turn(k, "hook_rot_k"));
  const scaled = products.div(scoreDivisor(config));
  const masked =
    config.attentionDir === "causal"
      ? where(tril(ones([length, length], { dtype: "bool" })), scaled, Number.NEGATIVE_INFINITY)
      : scaled;
  const pattern = hook(
    `${name}.hook_pattern`,
    softmax(hook(`${name}.hook_attn_scores`, masked), -1),
  );
  const z = hook(`${name}.hook_z`, einsum("bhds,bshe->bdhe", pattern, v));
  const w = weight(weights, `${name}.W_O`);
  const out = config.useAttnResult
    ? hook(`${name}.hook_result`, einsum("bphe,hed->bphd", z, w)).sum(2)
    : matmul(joinHeads(z), joinOut(w));
  return addBias(out, weights, `${name}.b_O`);
}

/** What attention scores are divided by. */
export function scoreDivisor({ useAttnScale, attnScale }: HookedTransformerConfig): number {
  return useAttnScale ? attnScale : 1;
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
