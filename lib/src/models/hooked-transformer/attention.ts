/** Attention of one layer. Formulas: TransformerLens 3.5. */

import {
  broadcastTo,
  einsum,
  expandDims,
  matmul,
  ones,
  softmax,
  type Tensor,
  tril,
  where,
  zeros,
} from "../../arrays/index.ts";
import { addBias, joinHeads, joinOut, project, weight } from "../layers/affine.ts";
import { alibiBias } from "../layers/alibi.ts";
import { normalize } from "../layers/norm.ts";
import { rotate } from "../layers/rotary.ts";
import type { HookedTransformerConfig } from "./config.ts";
import type { Context } from "./context.ts";

/** Attention output "batch pos d_model" of a residual stream of that shape. */
export function attention(context: Context, layer: number, residual: Tensor): Tensor {
  const inputs = attentionInputs(context, layer, residual);
  const q = intoHeads(context, layer, "Q", inputs.q);
  const k = intoHeads(context, layer, "K", inputs.k);
  const v = intoHeads(context, layer, "V", inputs.v);
  return attend(context, layer, q, k, v);
}

type Inputs = { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor };

/**
 * What queries, keys and values read: the normalized residual stream, per head when `useAttnIn` or
 * `useSplitQkvInput` is on. Inputs that no hook made different are normalized once, so that the
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
  const { inputPositions: positions } = context;
  if (positions === undefined) return { q, k, v };
  const added = q.ndim === 4 ? expandDims(positions, -2) : positions;
  return { q: q.add(added), k: k.add(added), v };
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
  const turn = (x: Tensor, point: string): Tensor =>
    config.positionalEmbeddingType === "rotary"
      ? hook(`${name}.${point}`, rotate(x, positionsOf(context, x), config))
      : x;
  const turnedQ = turn(q, "hook_rot_q");
  const products = einsum("bdhe,bshe->bhds", turnedQ, turn(k, "hook_rot_k"));
  const pattern = hook(`${name}.hook_pattern`, patternOf(context, layer, products));
  const z = hook(`${name}.hook_z`, einsum("bhds,bshe->bdhe", pattern, v));
  const w = weight(weights, `${name}.W_O`);
  const out = config.useAttnResult
    ? hook(`${name}.hook_result`, einsum("bphe,hed->bphd", z, w)).sum(2)
    : matmul(joinHeads(z), joinOut(w));
  return addBias(out, weights, `${name}.b_O`);
}

function positionsOf({ padding }: Context, x: Tensor): ArrayLike<number> | Tensor {
  return padding?.positions ?? Array.from({ length: x.shape[1] as number }, (_, pos) => pos);
}

/**
 * Attention pattern "batch head dest src" of products of queries and keys of that shape. As in
 * TransformerLens, a destination that sees no source attends to nothing: its row is 0.
 */
function patternOf(context: Context, layer: number, products: Tensor): Tensor {
  const { config, hook } = context;
  const [, heads, length] = products.shape as [number, number, number];
  const scaled = products.div(scoreDivisor(config));
  const alibi = config.positionalEmbeddingType === "alibi";
  const biased = alibi ? scaled.add(alibiBias(heads, length)) : scaled;
  const visible = visibleSources(context, length);
  const masked = visible === undefined ? biased : where(visible, biased, Number.NEGATIVE_INFINITY);
  const scores = hook(`blocks.${layer}.attn.hook_attn_scores`, masked);
  const pattern = softmax(scores, -1);
  const alwaysVisible = scores === masked && context.padding === undefined;
  return alwaysVisible ? pattern : where(pattern.equal(pattern), pattern, 0);
}

/** bool "dest src", or "batch one dest src" with padding; undefined when everything is visible. */
function visibleSources({ config, padding }: Context, length: number): Tensor | undefined {
  const causal =
    config.attentionDir === "causal" ? tril(ones([length, length], { dtype: "bool" })) : undefined;
  if (padding === undefined) return causal;
  const real = padding.real.at([], null, null, []);
  return causal === undefined ? real : where(causal, real, zeros([1], { dtype: "bool" }));
}

/** What attention scores are divided by. */
export function scoreDivisor({ useAttnScale, attnScale }: HookedTransformerConfig): number {
  return useAttnScale ? attnScale : 1;
}
