/** From the matrices of `nn.Linear` to those of TransformerLens. */

import { type NdArray, nd } from "../../core/nd.ts";

/** "out in" of `nn.Linear` as "in out". */
export function transposed({ shape, data }: NdArray): NdArray {
  const [dOut, dIn] = shape as [number, number];
  const turned = Float32Array.from(
    { length: dOut * dIn },
    (_, i) => data[(i % dOut) * dIn + Math.floor(i / dOut)] ?? 0,
  );
  return nd("float32", [dIn, dOut], turned);
}

/** "d_model (head d_head)" as "head d_model d_head". */
export function byHead({ shape, data }: NdArray, head: number): NdArray {
  const [dModel, width] = shape as [number, number];
  const dHead = width / head;
  const cut = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [d, column] = [Math.floor(i / width), i % width];
    const [h, e] = [Math.floor(column / dHead), column % dHead];
    cut[(h * dModel + d) * dHead + e] = data[i] ?? 0;
  }
  return nd("float32", [head, dModel, dHead], cut);
}
