/** Directions that weights write to or read from, as tokens (Millidge and Black 2022). */

import "../../core/runtime.ts";

import { expandDims, linalg, matmul, swapaxes, type Tensor } from "../../arrays/index.ts";
import { InputError, UnknownNameError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import type { HookedModel } from "../../models/index.ts";

/** A circuit with one side in the residual stream: of a head, into neurons, out of neurons. */
export type SingularVectorType = "OV" | "w_in" | "w_out";

/** Which singular vectors, and how many. */
export interface SingularVectorOptions {
  readonly layer: number;
  /** Needed for "OV". */
  readonly head?: number;
  /** How many, largest singular value first. Default 10, or all there are when fewer. */
  readonly numVectors?: number;
}

/** Right singular vectors in columns, "d_model k". */
type Decompose = <C>(model: HookedModel<C>, layer: number, head: number | undefined) => Tensor;

const decompositions: { readonly [T in SingularVectorType]: Decompose } = {
  OV: (model, layer, head) => {
    const heads = model.W_V.shape[1] as number;
    return model.OV.at(layer, within("head", head, heads)).svd().V;
  },
  w_in: (model, layer) => {
    const reads = swapaxes(model.W_in.at(layer), 0, 1);
    const scale = model.weights[`blocks.${layer}.ln2.w`];
    return rightVectors(scale === undefined ? reads : reads.mul(scale));
  },
  w_out: (model, layer) => rightVectors(model.W_out.at(layer)),
};

/**
 * Right singular vectors of W_V W_O, of W_inᵀ (times the weight of its norm) or of W_out, each times
 * W_U: "d_vocab_out one vector", as TransformerLens's `SVDInterpreter`. The sign of a vector is
 * arbitrary.
 * @throws InputError for a layer, head or number of vectors that the model has not.
 */
export function getSingularVectors<C>(
  model: HookedModel<C>,
  type: SingularVectorType,
  options: SingularVectorOptions,
): Tensor {
  checkOptions("getSingularVectors", options, { layer: true, head: true, numVectors: true });
  const { layer, head, numVectors } = options;
  const decompose = decompositions[type];
  if (decompose === undefined) {
    const types = Object.keys(decompositions);
    throw new UnknownNameError("getSingularVectors", "vector type", type, types);
  }
  const vectors = decompose(model, within("layer", layer, model.nLayers), head);
  const count = vectors.shape[1] as number;
  const wanted = numVectors ?? Math.min(10, count);
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= count)) {
    throw new InputError(
      `getSingularVectors: numVectors must be an integer from 1 to ${count}, got ${wanted}`,
    );
  }
  const first = vectors.at([], [0, wanted]);
  return expandDims(matmul(swapaxes(model.W_U, 0, 1), first), 1);
}

function rightVectors(matrix: Tensor): Tensor {
  return swapaxes(linalg.svd(matrix).vh, 0, 1);
}

function within(what: string, i: number | undefined, size: number): number {
  if (i !== undefined && Number.isInteger(i) && i >= 0 && i < size) return i;
  throw new InputError(
    `getSingularVectors: ${what} must be an integer in [0, ${size}), got ${i ?? "none"}`,
  );
}
