/** Matrix products of float64 arrays outside of WebAssembly, where jax-js is several times slower. */

import { float64Product } from "../core/float64-product.ts";
import { type NdArray, nd, type Shape, sizeOf } from "../core/nd.ts";
import { broadcastShapes } from "./shapes.ts";

/**
 * `a` "… row inner" times `b` "… inner column" with NumPy's rules: leading axes broadcast, a vector
 * is one row on the left and one column on the right, and its axis is dropped from the result. The
 * shapes must already agree.
 */
export function hostMatmul(a: NdArray, b: NdArray): NdArray {
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const [row = 1, inner = 1] = left.slice(-2);
  const column = right.at(-1) as number;
  const batch = broadcastShapes("matmul", left.slice(0, -2), right.slice(0, -2));
  const [x, y] = [a.data as Float64Array, b.data as Float64Array];
  const out = new Float64Array(sizeOf(batch) * row * column);
  const [xAt, yAt] = [starts(left, batch, row * inner), starts(right, batch, inner * column)];
  for (let i = 0; i < xAt.length; i++) {
    const from = (data: Float64Array, start: number, size: number) =>
      data.subarray(start, start + size);
    float64Product(
      from(x, xAt[i] as number, row * inner),
      from(y, yAt[i] as number, inner * column),
      from(out, i * row * column, row * column),
      { row, inner, column },
    );
  }
  const kept = [...(a.shape.length > 1 ? [row] : []), ...(b.shape.length > 1 ? [column] : [])];
  return nd("float64", [...batch, ...kept], out);
}

/** Where the matrix of each element of `batch` starts in an array of `shape` with `size` numbers a matrix. */
function starts(shape: Shape, batch: Shape, size: number): number[] {
  const own = shape.slice(0, -2);
  const padded = [...Array<number>(batch.length - own.length).fill(1), ...own];
  let places = [0];
  for (const [axis, count] of batch.entries()) {
    const n = padded[axis] as number;
    places = places.flatMap((place) =>
      Array.from({ length: count }, (_, i) => place * n + (n === 1 ? 0 : i)),
    );
  }
  return places.map((place) => place * size);
}
