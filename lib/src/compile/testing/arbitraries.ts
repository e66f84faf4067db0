/** Random shapes, broadcasts and numbers for the tests. */

import fc from "fast-check";
import type { DType, NdArray, Shape } from "../../core/nd.ts";
import { nd, sizeOf } from "../../core/nd.ts";

export const shapes = (minRank = 0, maxRank = 4): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength: minRank, maxLength: maxRank });

/** Shapes that broadcast with each other: axes dropped in front, others replaced by 1. */
export const broadcastable = (count: number, minRank = 0): fc.Arbitrary<number[][]> =>
  shapes(minRank).chain((shape) =>
    fc.tuple(
      ...Array.from({ length: count }, () =>
        fc
          .tuple(
            fc.integer({ min: 0, max: shape.length - minRank }),
            fc.array(fc.integer({ min: 0, max: 3 }), {
              minLength: shape.length,
              maxLength: shape.length,
            }),
          )
          .map(([dropped, ones]) =>
            shape.map((size, i) => (ones[i] === 0 ? 1 : size)).slice(dropped),
          ),
      ),
    ),
  );

/** A permutation of `n` axes. */
export const permutation = (n: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n });

/** Numbers of `dtype` for a shape, from a seed: multiples of 1/8 in ±`range`, or small integers. */
export function numbers(dtype: DType, shape: Shape, seed: number, range = 2): NdArray {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const draw = (): number => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const element = {
    float32: () => Math.round((draw() * 2 - 1) * range * 8) / 8,
    float64: () => (draw() * 2 - 1) * range,
    int32: () => Math.floor(draw() * 9) - 4,
    uint32: () => Math.floor(draw() * 9),
    bool: () => (draw() < 0.5 ? 0 : 1),
  };
  return nd(dtype, shape, Array.from({ length: sizeOf(shape) }, element[dtype]));
}
