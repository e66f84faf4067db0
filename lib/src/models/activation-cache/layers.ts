/** Which residual stream a method means. */

import type { Tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import type { ResidualStream, Weights } from "../model.ts";
import type { ActivationCache } from "./activation-cache.ts";
import { fires } from "./source.ts";

/** What reads the residual stream: attention or MLP of a block, or the unembedding. */
export interface Reader {
  /** A block, or the number of blocks for the unembedding. */
  readonly layer: number;
  readonly mlpInput: boolean;
}

/** The residual stream. @throws InputError for a model that has none. */
export function streamOf(cache: ActivationCache, method: string): ResidualStream {
  const { stream, name } = cache.source;
  if (stream !== undefined) return stream;
  throw new InputError(`ActivationCache.${method}: model "${name}" has no residual stream`);
}

/** The weights that write to the stream. @throws InputError when parts of outputs do not add up. */
export function writersOf(cache: ActivationCache, method: string): Weights {
  const { writers } = streamOf(cache, method);
  if (writers !== undefined) return writers;
  throw new InputError(
    `ActivationCache.${method}: outputs of model "${cache.source.name}" are no sums over heads or ` +
      "neurons, since their inputs are quantized together",
  );
}

/**
 * The reader that `layer` names: undefined and -1 are the unembedding.
 * @throws InputError for a layer that is not, or `mlpInput` where no MLP reads after attention.
 */
export function readerOf(
  cache: ActivationCache,
  method: string,
  layer: number | undefined,
  mlpInput = false,
): Reader {
  streamOf(cache, method);
  const { nLayers } = cache;
  const at = layer === undefined || layer === -1 ? nLayers : layer;
  if (!Number.isInteger(at) || at < 0 || at > nLayers) {
    throw new InputError(
      `ActivationCache.${method}: layer must be an integer from 0 to ${nLayers}, or -1 for the end, got ${layer}`,
    );
  }
  if (mlpInput && !hasMiddle(cache, at)) {
    throw new InputError(
      `ActivationCache.${method}: mlpInput needs a layer whose MLP reads what attention wrote, got layer ${layer ?? at} of ${nLayers}`,
    );
  }
  return { layer: at, mlpInput };
}

/** Whether the stream has a value between attention and MLP of that block. */
export function hasMiddle({ source }: ActivationCache, layer: number): boolean {
  return fires(source, `blocks.${layer}.hook_resid_mid`);
}

/** Whether that block has an MLP. */
export function hasMlp({ source }: ActivationCache, layer: number): boolean {
  return fires(source, `blocks.${layer}.hook_mlp_out`);
}

/** The residual stream that a reader reads, "… pos d_model". */
export function inputOf(cache: ActivationCache, method: string, reader: Reader): Tensor {
  const { layer, mlpInput } = reader;
  if (mlpInput) return cache.get("resid_mid", layer);
  if (layer < cache.nLayers && (layer === 0 || cache.has("resid_pre", layer))) {
    return cache.get("resid_pre", layer);
  }
  if (layer > 0) return cache.get("resid_post", layer - 1);
  const [first, ...rest] = streamOf(cache, method).embeds.map((name) => cache.get(name));
  return rest.reduce((sum, x) => sum.add(x), first as Tensor);
}

/** Blocks whose attention, or whose MLP, has written before a reader reads. */
export function blocksBefore({ layer, mlpInput }: Reader, part: "attn" | "mlp"): readonly number[] {
  const count = part === "attn" && mlpInput ? layer + 1 : layer;
  return Array.from({ length: count }, (_, l) => l);
}
