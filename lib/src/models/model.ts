/** The contract of a model: a configuration, named weights, a forward pass with named hook points. */

import type { z } from "zod";
import type { Tensor } from "../arrays/index.ts";
import type { NdArray } from "../core/nd.ts";
import type { Rng } from "../core/rng.ts";
import type { Source } from "../core/source.ts";

/** Weights by name, spelled as in TransformerLens (`blocks.0.attn.W_Q`). */
export type Weights = { readonly [name: string]: Tensor };

/** The same weights as plain numbers: what files hold and generators draw. */
export type WeightArrays = { readonly [name: string]: NdArray };

/**
 * Called at every hook point with its name and value; what it returns replaces the value.
 * The identity by default. A cache, a patch and an ablation are all hooks.
 */
export type Hook = (name: string, x: Tensor) => Tensor;

/** A place in the forward pass, in the order of firing. */
export interface Point {
  readonly name: string;
  /** Axis names separated by spaces, from `docs/glossary.md`, e.g. `"batch head dest src"`. */
  readonly axes: string;
  /** False when a configuration flag turns the point off; `enabledBy` then names the flag. */
  readonly fires: boolean;
  readonly enabledBy?: string;
}

/** A weight: name, axis names, sizes. In the order in which initial values are drawn. */
export interface Parameter {
  readonly name: string;
  readonly axes: string;
  readonly shape: readonly number[];
}

/**
 * The distinct (token, position) pairs of a batch and where each occurs. Rows of the residual
 * stream before the first attention depend on nothing else, so they are computed once per pair.
 */
export interface TokenTable {
  /** Number of sequences and their length. */
  readonly batch: number;
  readonly length: number;
  /** int32 "pair": the token of each distinct pair, grouped by position. */
  readonly tokens: NdArray;
  /** int32 "pair": its position. */
  readonly positions: NdArray;
  /** int32 "batch pos": index of the pair at each place. */
  readonly index: NdArray;
}

/** A stretch of a forward pass. Blocks count from 0, negative numbers from the end. */
export interface Span {
  /** The first block that runs; the input is then the residual stream before it, not tokens. */
  readonly startAtLayer?: number | undefined;
  /** The block before which the pass ends, with the residual stream there. */
  readonly stopAtLayer?: number | undefined;
  /** "batch pos", 0 where a token is padding: nobody attends to it, and positions do not count it. */
  readonly attentionMask?: Tensor | undefined;
  /** False ends the pass with what the unembedding would read. Default true. */
  readonly unembed?: boolean | undefined;
}

/** A weight that is the transpose of another one and no parameter of its own. */
export interface Tied {
  readonly name: string;
  readonly transposeOf: string;
}

/** What the residual stream of a model consists of and how it is read, for `ActivationCache`. */
export interface ResidualStream {
  /** Points whose values add up to the stream before the first block. */
  readonly embeds: readonly string[];
  /** What every normalization does besides its weights; null when the stream is read as it is. */
  readonly norm: { readonly centered: boolean; readonly eps: number } | null;
  /**
   * The weights as the forward pass multiplies by them: head h of layer l writes
   * z[h] `blocks.l.attn.W_O`[h], neuron n post[n] `blocks.l.mlp.W_out`[n], and the biases are
   * `b_O` and `b_out`. Undefined when outputs of heads and neurons are not such sums.
   */
  readonly writers: Weights | undefined;
}

/** A model one output narrower, whose logits are the differences to the last logit of another. */
export interface LogitDifferences<C> {
  readonly weights: Weights;
  readonly config: C;
  readonly dVocabOut: number;
}

/** A model without weights: what it needs, where its hook points are, and its forward pass. */
export interface Model<C> {
  readonly name: string;
  readonly title: string;
  readonly source: Source;
  /** Schema of the configuration; every field has its meaning in `.meta({ description })`. */
  readonly config: z.ZodType<C>;
  parameters(config: C): readonly Parameter[];
  points(config: C): readonly Point[];
  init(config: C, rng: Rng): WeightArrays;
  /** Logits "batch pos d_vocab_out" of int32 tokens "batch pos". */
  forward(weights: Weights, config: C, tokens: Tensor, hook: Hook): Tensor;
  /**
   * A stretch of `forward`, from int32 tokens "batch pos" or a residual stream "batch pos d_model"
   * to logits or a residual stream. Absent in models that do not consist of blocks.
   */
  forwardSpan?(weights: Weights, config: C, input: Tensor, hook: Hook, span: Span): Tensor;
  /** Throws for a span that leaves out hooks that stay; see `withHooks`. Absent without such hooks. */
  checkSpan?(config: C, span: Span): void;
  /** Only so many first tokens of a sequence are read, and must have an embedding; default all. */
  readonly reads?: number;
  /** The weights that the forward pass multiplies by, where they are others; see `HookedModel`. */
  effectiveWeights?(weights: Weights, config: C): Weights;
  /** Absent in models without a residual stream. */
  residualStream?(config: C, weights: Weights): ResidualStream;
  /** The longest sequence, and whether no position depends on later ones. */
  context?(config: C): { readonly length: number; readonly causal: boolean };
  /** Weights that are transposes of others; absent when there are never any. */
  tied?(config: C): readonly Tied[];
  /**
   * Logits "batch d_vocab_out" at the last position only: exactly `forward(...)[:, -1]` up to
   * float32 rounding, without hooks, with every row that is not needed left out.
   */
  lastLogits(weights: Weights, config: C, table: TokenTable): Tensor;
  /**
   * Logits "batch pos d_vocab_out" at ascending positions: exactly `forward(...)[:, positions]` up
   * to float32 rounding, without hooks and without the rows that are not needed. For models that
   * know nothing cheaper than `forward` it is absent.
   */
  logitsAt?(weights: Weights, config: C, tokens: Tensor, positions: readonly number[]): Tensor;
  /**
   * For losses that only see differences of logits: the same model with its last logit subtracted
   * from all, and then left out because it is 0. Absent, or undefined, where logits are not linear
   * in an unembedding of their own.
   */
  logitDifferences?(weights: Weights, config: C): LogitDifferences<C> | undefined;
}
