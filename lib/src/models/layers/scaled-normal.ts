import { type NdArray, nd, type Shape, sizeOf } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";

/** `torch.randn(shape) / sqrt(width)`: float32, divided by the float32 square root. */
export function scaledNormal(rng: Rng, shape: Shape, width: number): NdArray {
  const root = Math.fround(Math.sqrt(width));
  return nd(
    "float32",
    shape,
    rng.normal(sizeOf(shape)).map((x) => x / root),
  );
}
