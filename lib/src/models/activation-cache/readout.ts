import { matmul, squeeze, type Tensor } from "../../arrays/index.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Slice } from "../slice.ts";
import type { ActivationCache } from "./activation-cache.ts";
import { type LabeledStack, mapStack } from "./labeled-stack.ts";
import type { Reader } from "./layers.ts";
import { applyLnToStack, linearNorm } from "./norm.ts";

export interface ReadoutOptions {
  /** Normalize as the reader does, with the cached scale. Default false. */
  readonly applyLn?: boolean;
  /** Part of the positions; one position drops the axis. */
  readonly posSlice?: Slice;
  /**
   * Directions "d_model", or "d_model n": components become dot products with them, which needs no
   * memory for "component … d_model".
   */
  readonly projectOutputOnto?: Tensor;
}

/** How components of the stream are read: as vectors, or by their products with directions. */
export interface Readout {
  /** Of vectors "… d_model". */
  read(x: Tensor): Tensor;
  /** What remains to do once components are stacked. */
  finish(stack: LabeledStack): LabeledStack;
}

/**
 * With directions P and a norm, ((c - mean c) / scale) P is c (P - mean P) / scale: the directions
 * are centered instead of every component.
 */
export function readoutOf(
  cache: ActivationCache,
  method: string,
  reader: Reader,
  { applyLn = false, posSlice, projectOutputOnto: directions }: ReadoutOptions,
): Readout {
  const { layer, mlpInput } = reader;
  const slice = posSlice === undefined ? {} : { posSlice };
  if (directions === undefined) {
    const whole = { mlpInput, ...slice };
    return {
      read: (x) => x,
      finish: (s) => (applyLn ? applyLnToStack(cache, s, layer, whole) : s),
    };
  }
  if (directions.ndim !== 1 && directions.ndim !== 2) {
    throw new ShapeError(
      `ActivationCache.${method}: projectOutputOnto`,
      [-1, -1],
      directions.shape,
    );
  }
  const norm = applyLn ? linearNorm(cache, reader, slice) : undefined;
  const columns = directions.ndim === 1 ? directions.reshape([-1, 1]) : directions;
  const matrix = norm?.centered ? columns.sub(columns.mean(0, { keepdims: true })) : columns;
  const drop = (x: Tensor): Tensor => (directions.ndim === 1 ? squeeze(x, -1) : x);
  return {
    read: (x) => matmul(x, matrix),
    finish: (s) => mapStack(s, (x) => drop(norm === undefined ? x : x.div(norm.divisor))),
  };
}
