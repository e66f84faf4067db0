/** Looking up by index. Indices are int32 or uint32 and must lie in [0, size). */

import { ShapeError } from "../core/errors.ts";
import { arange, tensor } from "./create.ts";
import { np } from "./jax.ts";
import { checkPlaces, checkPlaceType } from "./places.ts";
import { tidy } from "./scope.ts";
import { expandDims } from "./shape-ops.ts";
import { broadcastShapes, checkAxis } from "./shapes.ts";
import { isReadable, lift, Tensor } from "./tensor.ts";

/** The slices of `x` at `indices` along an axis; the axis becomes the axes of `indices`. */
export function take(x: Tensor, indices: Tensor | readonly number[], axis: number = 0): Tensor {
  const along = checkAxis("take", axis, x.ndim);
  return tidy(() => {
    const places = indices instanceof Tensor ? indices : tensor(indices, { dtype: "int32" });
    checkPlaces("take", places, x.shape[along] as number, isReadable(places));
    return lift((v, i) => np.take(v, i, along), x, places);
  });
}

/** For each place of `indices` the element of `x` at that index along the axis; other axes match. */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number = -1): Tensor {
  const along = checkAxis("takeAlongAxis", axis, x.ndim);
  checkPlaces("takeAlongAxis", indices, x.shape[along] as number, isReadable(indices));
  if (indices.ndim !== x.ndim) {
    throw new ShapeError("takeAlongAxis: ranks must agree", x.shape, indices.shape);
  }
  const off = (shape: readonly number[]): number[] => shape.map((n, i) => (i === along ? 1 : n));
  broadcastShapes("takeAlongAxis", off(x.shape), off(indices.shape));
  return lift((v, i) => np.takeAlongAxis(v, i, along), x, indices);
}

/** float32 rows of length `n` with a 1 at the index; zeros where the index is outside [0, n). */
export function oneHot(indices: Tensor, n: number): Tensor {
  checkPlaceType("oneHot", indices);
  return tidy(() =>
    expandDims(indices, -1)
      .equal(arange(n, undefined, 1, { dtype: indices.dtype }))
      .astype("float32"),
  );
}
