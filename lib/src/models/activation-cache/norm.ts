import { sqrt, square, type Tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import type { ResidualStream } from "../model.ts";
import { applySlice, type Slice } from "../slice.ts";
import type { ActivationCache } from "./activation-cache.ts";
import { type LabeledStack, mapStack } from "./labeled-stack.ts";
import { inputOf, type Reader, readerOf, streamOf } from "./layers.ts";
import { fires } from "./source.ts";

/** Which norm, and which part of its cached scale. */
export interface ApplyLnOptions {
  /** Read as the MLP of the layer does, not its attention. Default false. */
  readonly mlpInput?: boolean;
  /** The positions that the stack was made with. */
  readonly posSlice?: Slice;
  /** Keep these sequences of the stack. */
  readonly batchSlice?: Slice;
  /** Normalize each component by itself, with the weights of the norm. Default false. */
  readonly recomputeLn?: boolean;
}

const method = "applyLnToStack";

/**
 * What the normalization that reads layer `layer` makes of each component, with the scale of the
 * whole stream as it was cached: centered (LN) and divided, so that the sum of components becomes
 * `hook_normalized`. Weights of the norm are not applied. Unchanged where nothing is normalized.
 */
export function applyLnToStack<S extends Tensor | LabeledStack>(
  cache: ActivationCache,
  stack: S,
  layer: number | undefined,
  options: ApplyLnOptions,
): S {
  const { mlpInput = false, batchSlice, recomputeLn = false } = options;
  const reader = readerOf(cache, method, layer, mlpInput);
  if (batchSlice !== undefined) checkBatch(cache);
  const chosen = mapStack(stack, (x) => applySlice(x, 1, batchSlice));
  if (recomputeLn) return mapStack(chosen, (x) => recomputed(cache, x, reader));
  const norm = linearNorm(cache, reader, options);
  if (norm === undefined) return chosen;
  return mapStack(chosen, (x) => shift(x, norm).div(norm.divisor));
}

/** A normalization with the scale it had in the forward pass, which makes it linear. */
export interface LinearNorm {
  readonly centered: boolean;
  /** "… pos one" */
  readonly divisor: Tensor;
}

/** The norm before a reader; undefined when it reads the stream as it is. */
export function linearNorm(
  cache: ActivationCache,
  reader: Reader,
  { posSlice, batchSlice }: Pick<ApplyLnOptions, "posSlice" | "batchSlice">,
): LinearNorm | undefined {
  const { norm } = streamOf(cache, method);
  const name = normName(cache, reader);
  if (norm === null || name === undefined) return undefined;
  const scale = applySlice(scaleOf(cache, reader, name, norm), -2, posSlice);
  return { centered: norm.centered, divisor: applySlice(scale, 0, batchSlice) };
}

type Norm = NonNullable<ResidualStream["norm"]>;

/** `x` minus its mean where the norm subtracts it. */
function shift(x: Tensor, { centered }: Pick<LinearNorm, "centered">): Tensor {
  return centered ? x.sub(x.mean(-1, { keepdims: true })) : x;
}

function ownScale(x: Tensor, norm: Norm): Tensor {
  const variance = square(shift(x, norm)).mean(-1, { keepdims: true });
  return sqrt(norm.eps === 0 ? variance : variance.add(norm.eps));
}

/** The norm of each vector of `x` by its own statistics, weights applied. */
function recomputed(cache: ActivationCache, x: Tensor, reader: Reader): Tensor {
  const { norm } = streamOf(cache, method);
  const name = normName(cache, reader);
  if (norm === null || name === undefined) return x;
  const { [`${name}.w`]: w, [`${name}.b`]: b } = cache.source.weights;
  const plain = shift(x, norm).div(ownScale(x, norm));
  const scaled = w === undefined ? plain : plain.mul(w);
  return b === undefined ? scaled : scaled.add(b);
}

function checkBatch({ hasBatchDim }: ActivationCache): void {
  if (hasBatchDim) return;
  throw new InputError(`ActivationCache.${method}: batchSlice needs a cache with a batch axis`);
}

/** Name of the norm before a reader. */
function normName(cache: ActivationCache, { layer, mlpInput }: Reader): string | undefined {
  const inBlock = `blocks.${layer}.${mlpInput ? "ln2" : "ln1"}`;
  const name = layer === cache.nLayers ? "ln_final" : inBlock;
  return fires(cache.source, `${name}.hook_scale`) ? name : undefined;
}

/**
 * What the stream is divided by, "… pos one". Where each head normalizes its own input there is no
 * such number in the cache, and it is computed of the stream.
 */
function scaleOf(cache: ActivationCache, reader: Reader, name: string, norm: Norm): Tensor {
  const full = `${name}.hook_scale`;
  const perHead = cache.source.points.some((p) => p.name === full && p.axes.includes(" head "));
  return perHead ? ownScale(inputOf(cache, method, reader), norm) : cache.get(full);
}
