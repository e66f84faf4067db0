import { swapaxes, type Tensor, take } from "../../arrays/index.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Slice } from "../slice.ts";
import { indexTensor } from "../tokens.ts";
import type { ActivationCache } from "./activation-cache.ts";
import { type LabeledStack, mapStack, numbersOf } from "./labeled-stack.ts";
import { streamOf } from "./layers.ts";
import { applyLnToStack } from "./norm.ts";
import { unembedding } from "./source.ts";

/** One token for all, one per sequence, or "batch pos". */
export type TokenChoice = number | readonly number[] | readonly (readonly number[])[] | Tensor;

/** Which difference of logits, and which part of the activations. */
export interface LogitAttrsOptions {
  /** Attribute logit(tokens) - logit(incorrectTokens), of the same shape. */
  readonly incorrectTokens?: TokenChoice;
  /** The positions that the stack was made with. */
  readonly posSlice?: Slice;
  /** Keep these sequences of the stack. */
  readonly batchSlice?: Slice;
  /**
   * Multiply by the weight of the final norm, so that the parts add up to the logit; default true.
   * `false` gives TransformerLens's numbers, which leave it out.
   */
  readonly applyNormWeight?: boolean;
}

const method = "logitAttrs";

/**
 * What each component adds to the logit of a token, "component batch pos" in place of
 * "component batch pos d_model": the cached scale of the final norm, its weight w, and the column of
 * W_U. For components that add up to the final stream, the sum is the logit without
 * b_U + b W_U[:, token], where b is the bias of the final norm (0 in folded models).
 * `applyNormWeight: false` leaves w out.
 */
export function logitAttrs<S extends Tensor | LabeledStack>(
  cache: ActivationCache,
  stack: S,
  tokens: TokenChoice,
  { incorrectTokens, applyNormWeight = true, ...slices }: LogitAttrsOptions,
): S {
  const { norm } = streamOf(cache, method);
  const scaled = applyLnToStack(cache, stack, undefined, slices);
  const wU = unembedding(cache.source);
  const w = norm === null || !applyNormWeight ? undefined : cache.source.weights["ln_final.w"];
  const right = tokensToResidualDirections(wU, tokens);
  const vectors = incorrectTokens === undefined ? right : difference(wU, right, incorrectTokens);
  const directions = w === undefined ? vectors : vectors.mul(w);
  const aligned = align(directions, numbersOf(scaled).shape);
  return mapStack(scaled, (x) => x.mul(aligned).sum(-1));
}

function difference(wU: Tensor, right: Tensor, incorrectTokens: TokenChoice): Tensor {
  const wrong = tokensToResidualDirections(wU, incorrectTokens);
  if (wrong.shape.join() === right.shape.join()) return right.sub(wrong);
  throw new ShapeError(
    `ActivationCache.${method}: incorrectTokens`,
    right.shape.slice(0, -1),
    wrong.shape.slice(0, -1),
  );
}

/** Columns of W_U "d_model d_vocab_out" for tokens "…": "… d_model". */
export function tokensToResidualDirections(wU: Tensor, tokens: TokenChoice): Tensor {
  const columns = swapaxes(wU, 0, 1);
  const classes = columns.shape[0] as number;
  const chosen = indexTensor("tokensToResidualDirections", "tokens", tokens, classes);
  return take(columns, chosen, 0);
}

/** Directions "… d_model" whose axes are the first of a stack "component …", ready to multiply. */
function align(directions: Tensor, stack: readonly number[]): Tensor {
  const axes = stack.slice(1, -1);
  const given = directions.shape.slice(0, -1);
  const fits = given.length <= axes.length && given.every((size, i) => size === axes[i]);
  if (!fits) throw new ShapeError(`ActivationCache.${method}: tokens`, axes, given);
  const ones = axes.slice(given.length).map(() => 1);
  return directions.reshape([...given, ...ones, directions.shape.at(-1) as number]);
}
