import type { Tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import {
  ActivationCache,
  type HookedModel,
  identity,
  type Slice,
  type Tokens,
} from "../../models/index.ts";

/** Where the lens looks. */
export interface LogitLensOptions {
  /** Also the stream between attention and MLP of every block that has both. Default false. */
  readonly inclMid?: boolean;
  /** Part of the positions; one position drops the axis. */
  readonly posSlice?: Slice;
}

/** The logits of every residual stream. */
export interface LogitLens {
  /** "component batch pos d_vocab_out" */
  readonly logits: Tensor;
  /** `0_pre`, `0_mid` …, `final_post`, whose logits are the model's. */
  readonly labels: readonly string[];
}

/**
 * What the model would predict if it ended early: the residual stream before each block through the
 * final norm, with its own statistics, and the unembedding (nostalgebraist 2020). Of tokens or of a
 * cache that has the residual streams.
 * @throws InputError for a model that cannot begin at a layer.
 */
export function logitLens<C>(
  model: HookedModel<C>,
  input: Tokens | ActivationCache,
  options: LogitLensOptions = {},
): LogitLens {
  checkOptions("logitLens", options, { inclMid: true, posSlice: true });
  const { forwardSpan, name } = model.model;
  if (forwardSpan === undefined) {
    throw new InputError(`logitLens: model "${name}" has no pass that begins at a layer`);
  }
  const cache = input instanceof ActivationCache ? input : model.runWithCache(input).cache;
  const { stack, labels } = cache.accumulatedResid(undefined, options);
  const vectors = stack.reshape([-1, 1, stack.shape.at(-1) as number]);
  const logits = forwardSpan(model.weights, model.config, vectors, identity, {
    startAtLayer: model.nLayers,
  });
  return { logits: logits.reshape([...stack.shape.slice(0, -1), -1]), labels };
}
