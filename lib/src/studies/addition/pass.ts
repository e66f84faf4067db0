/**
 * The forward pass of the one-layer model at the positions that answer, taken apart: what each
 * component adds to the logits, and what happens when one is replaced. Without normalisation
 * everything that is added to the residual stream reaches the logits linearly, so this is exact.
 */

import {
  einsum,
  matmul,
  ones,
  relu,
  softmax,
  stack,
  type Tensor,
  take,
  tril,
  where,
} from "../../arrays/index.ts";
import { type Backend, compile, type Value } from "../../compile/index.ts";
import { type NdArray, nd, type Spec } from "../../core/nd.ts";
import type { HookedTransformerConfig, WeightArrays, Weights } from "../../models/index.ts";
import { answerPositions } from "../../tasks/index.ts";
import { specsOf, takeArray } from "../shared/capture.ts";

/** What replaces the outputs of components; `keep` is 1 for a component as it is, 0 for its `fill`. */
export interface Replacement {
  /** "head" */
  readonly headKeep: NdArray;
  /** "pos head d_head", by answer position. */
  readonly headFill: NdArray;
  /** Scalar. */
  readonly mlpKeep: NdArray;
  /** "pos d_model" */
  readonly mlpFill: NdArray;
}

export interface AnswerPass {
  /** "batch pos d_vocab_out" */
  readonly logits: NdArray;
  /** What each component adds to the logits: "component batch pos d_vocab_out". */
  readonly direct: NdArray;
  /** Means over the batch, for mean ablation: "pos head d_head" and "pos d_model". */
  readonly headMean: NdArray;
  readonly mlpMean: NdArray;
}

/** Embedding, each head, MLP. */
export function componentNames(heads: number): string[] {
  return ["embedding", ...Array.from({ length: heads }, (_, h) => `head ${h}`), "MLP"];
}

/** The pass for batches of `count` questions, compiled once. */
export interface Passes {
  run(weights: WeightArrays, tokens: NdArray, replacement?: Replacement): Promise<AnswerPass>;
  release(): Promise<void>;
}

export async function answerPasses(
  backend: Backend,
  config: HookedTransformerConfig,
  example: WeightArrays,
  count: number,
): Promise<Passes> {
  const nothing = keepAll(config);
  const tokens: Spec = { dtype: "int32", shape: [count, config.nCtx] };
  const compiled = await compile(
    (w: Weights, t: Tensor, replace: Readonly<Record<keyof Replacement, Tensor>>) =>
      answerPass(config, w, t, replace),
    [specsOf(example), tokens, specsOf({ ...nothing })],
    { backend },
  );
  return {
    async run(weights, given, replacement = nothing) {
      const out = (await compiled.run(weights, given, { ...replacement })) as Record<
        keyof AnswerPass,
        Value
      >;
      return {
        logits: await takeArray(out.logits),
        direct: await takeArray(out.direct),
        headMean: await takeArray(out.headMean),
        mlpMean: await takeArray(out.mlpMean),
      };
    },
    release: () => compiled.release(),
  };
}

/** The replacement that replaces nothing. */
export function keepAll({ nHeads, nCtx, dHead, dModel }: HookedTransformerConfig): Replacement {
  const asked = answerPositions((nCtx - 3) / 3).length;
  const filled = (shape: readonly number[], value: number): NdArray =>
    nd("float32", shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value));
  return {
    headKeep: filled([nHeads], 1),
    headFill: filled([asked, nHeads, dHead], 0),
    mlpKeep: filled([], 1),
    mlpFill: filled([asked, dModel], 0),
  };
}

/** Replace component number `which` of `componentNames` (not the embedding). */
export function replaceOne(
  config: HookedTransformerConfig,
  which: number,
  fill: Pick<Replacement, "headFill" | "mlpFill"> = keepAll(config),
): Replacement {
  const all = keepAll(config);
  const head = which - 1;
  const headKeep = Float32Array.from({ length: config.nHeads }, (_, h) => Number(h !== head));
  return {
    headKeep: nd("float32", [config.nHeads], headKeep),
    headFill: fill.headFill,
    mlpKeep: head < config.nHeads ? all.mlpKeep : nd("float32", [], [0]),
    mlpFill: fill.mlpFill,
  };
}

function answerPass(
  config: HookedTransformerConfig,
  w: Weights,
  tokens: Tensor,
  replace: Readonly<Record<keyof Replacement, Tensor>>,
): Record<keyof AnswerPass, Tensor> {
  const get = (name: string): Tensor => w[name] as Tensor;
  const positions = answerPositions((config.nCtx - 3) / 3);
  const [first, end] = [positions[0] as number, (positions.at(-1) as number) + 1];
  const seen = tokens.at([], [0, end]);
  const before = take(get("embed.W_E"), seen, 0).add(get("pos_embed.W_pos").at([0, end]));
  const own = before.at([], [first, end]);
  const into = (x: Tensor, letter: string): Tensor =>
    einsum("bpd,hde->bphe", x, get(`blocks.0.attn.W_${letter}`)).add(
      get(`blocks.0.attn.b_${letter}`),
    );
  const scores = einsum("bdhe,bshe->bhds", into(own, "Q"), into(before, "K"));
  const mask = tril(ones([end, end], { dtype: "bool" })).at([first, end]);
  const pattern = softmax(where(mask, scores.div(config.attnScale), Number.NEGATIVE_INFINITY), -1);
  const z = einsum("bhds,bshe->bdhe", pattern, into(before, "V"));
  const keep = replace.headKeep.reshape([config.nHeads, 1]);
  const mixed = z.mul(keep).add(replace.headFill.mul(keep.neg().add(1)));
  const written = einsum("bphe,hed->hbpd", mixed, get("blocks.0.attn.W_O"));
  const middle = own.add(written.sum(0)).add(get("blocks.0.attn.b_O"));
  const post = relu(matmul(middle, get("blocks.0.mlp.W_in")).add(get("blocks.0.mlp.b_in")));
  const mlp = matmul(post, get("blocks.0.mlp.W_out")).add(get("blocks.0.mlp.b_out"));
  const mlpOut = mlp.mul(replace.mlpKeep).add(replace.mlpFill.mul(replace.mlpKeep.neg().add(1)));
  const W_U = get("unembed.W_U");
  const heads = Array.from({ length: config.nHeads }, (_, h) => matmul(written.at(h), W_U));
  const embedding = matmul(own.add(get("blocks.0.attn.b_O")), W_U).add(get("unembed.b_U"));
  const direct = stack([embedding, ...heads, matmul(mlpOut, W_U)], 0);
  return { logits: direct.sum(0), direct, headMean: z.mean(0), mlpMean: mlp.mean(0) };
}
