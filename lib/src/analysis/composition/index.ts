/** How strongly heads read what earlier heads write (Elhage et al. 2021, A Mathematical Framework). */

import "../../core/runtime.ts";

import {
  arange,
  type FactoredMatrix,
  matmul,
  norm,
  type Tensor,
  where,
} from "../../arrays/index.ts";
import { ShapeError, UnknownNameError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import type { HookedModel } from "../../models/index.ts";

/** How leading axes of the two matrices meet. */
export interface CompositionOptions {
  /** Every matrix on the left with every one on the right; otherwise they broadcast. Default true. */
  readonly broadcastDims?: boolean;
}

/**
 * ‖left right‖ / (‖left‖ ‖right‖) with Frobenius norms, of matrices "… l m" and "… m r": a tensor
 * with the leading axes of the left, then those of the right. NaN where a matrix is zero.
 * @throws ShapeError unless the columns of the left are as many as the rows of the right.
 */
export function compositionScores(
  left: FactoredMatrix,
  right: FactoredMatrix,
  options: CompositionOptions = {},
): Tensor {
  checkOptions("compositionScores", options, { broadcastDims: true });
  const { broadcastDims = true } = options;
  if (left.rdim !== right.ldim) {
    throw new ShapeError(
      "compositionScores: inner sizes must agree",
      [left.rdim, right.rdim],
      [right.ldim, right.rdim],
    );
  }
  const ones = Array<null>(right.ndim - 2).fill(null);
  const keep = Array.from({ length: left.ndim - 2 }, () => [] as const);
  const writes = left.collapseL().at(...keep, ...(broadcastDims ? ones : []));
  const reads = right.collapseR();
  const sizes = norm(writes, [-2, -1]).mul(norm(reads, [-2, -1]));
  return norm(matmul(writes, reads), [-2, -1]).div(sizes);
}

/** What a later head reads: its queries, keys or values. */
export type CompositionMode = "Q" | "K" | "V";

const readers: { readonly [M in CompositionMode]: <C>(model: HookedModel<C>) => FactoredMatrix } = {
  Q: (model) => model.QK,
  K: (model) => model.QK.T,
  V: (model) => model.OV,
};

/**
 * Composition scores of the output of every head with the queries, keys or values of every head in a
 * later layer, "layer head layer head"; 0 where the second is not later.
 */
export function allCompositionScores<C>(model: HookedModel<C>, mode: CompositionMode): Tensor {
  const reader = readers[mode];
  if (reader === undefined) {
    throw new UnknownNameError("allCompositionScores", "mode", mode, Object.keys(readers));
  }
  const scores = compositionScores(model.OV, reader(model));
  const layers = arange(model.nLayers);
  const later = layers.reshape([-1, 1, 1, 1]).less(layers.reshape([1, 1, -1, 1]));
  return where(later, scores, 0);
}
