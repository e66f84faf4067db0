/** For the tests of this folder: naive float64 loops and finite differences. */

import * as fc from "fast-check";
import { expect } from "vitest";
import type { NdArray, Shape } from "../../core/nd.ts";
import { sizeOf } from "../../core/nd.ts";
import { grad, type Tensor, tensor } from "../index.ts";

/** Plain numbers with a shape. */
export interface Plain {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** The places of a shape in row-major order. */
export function places(shape: Shape): number[][] {
  return Array.from({ length: sizeOf(shape) }, (_, flat) => {
    const place: number[] = [];
    let rest = flat;
    for (const size of [...shape].reverse()) {
      place.unshift(rest % size);
      rest = Math.floor(rest / size);
    }
    return place;
  });
}

/** The element at a place; axes of size 1 and missing leading axes broadcast. */
export function pick(x: Plain, place: readonly number[]): number {
  let flat = 0;
  x.shape.forEach((size, i) => {
    const at = place[place.length - x.shape.length + i] as number;
    flat = flat * size + (size === 1 ? 0 : at);
  });
  return x.data[flat] as number;
}

/** An array from its elements. */
export function build(shape: Shape, f: (place: readonly number[]) => number): Plain {
  return { shape, data: places(shape).map(f) };
}

/** Deterministic numbers in (-1, 1), none closer than 1e-3 to 0. */
export function noise(shape: Shape, seed: number = 1): Plain {
  return build(shape, (place) => {
    const key = place.reduce((sum, i, axis) => sum + (i + 1) * (axis + 1.37) * 7.13, seed * 3.77);
    const value = (Math.sin(key * 12.9898) * 43758.5453) % 1;
    return value === 0 ? 0.5 : Math.sign(value) * Math.max(Math.abs(value), 1e-3);
  });
}

export function f64(x: Plain): Tensor {
  return tensor({ dtype: "float64", shape: x.shape, data: Float64Array.from(x.data) });
}

export function f32(x: Plain): Tensor {
  return tensor({ dtype: "float32", shape: x.shape, data: Float32Array.from(x.data) });
}

export function i32(x: Plain): Tensor {
  return tensor({ dtype: "int32", shape: x.shape, data: Int32Array.from(x.data) });
}

/** Same shape, and every number within `tolerance` relative to the larger of 1 and its size. */
export function expectClose(got: Tensor | NdArray, want: Plain, tolerance: number = 1e-12): void {
  const { shape, data } = "readSync" in got ? got.readSync() : got;
  expect([...shape]).toEqual([...want.shape]);
  want.data.forEach((value, i) => {
    const own = data[i] as number;
    if (Object.is(own, value) || own === value) return;
    const error = Math.abs(own - value) / Math.max(1, Math.abs(value));
    expect(error, `at ${i}: got ${own}, want ${value}`).toBeLessThanOrEqual(tolerance);
  });
}

/**
 * The gradient of a weighted sum of `f`'s result against central differences in float64, for every
 * element of every input. The error of the differences is about 1e-9.
 */
export function expectGradient(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Plain[],
  tolerance: number = 2e-8,
): void {
  const loss = (...tensors: Tensor[]): Tensor => {
    const result = f(...tensors);
    return result.mul(f64(noise(result.shape, 5))).sum();
  };
  const argnums = inputs.map((_, i) => i);
  const found = grad(loss, { argnums })(...inputs.map(f64)) as readonly Tensor[];
  const step = 1e-5;
  inputs.forEach((input, k) => {
    const slope = input.data.map((_, i) => {
      const at = (delta: number): number => {
        const moved = input.data.map((v, j) => (j === i ? v + delta : v));
        const all = inputs.map((other, j) => f64(j === k ? { ...other, data: moved } : other));
        return loss(...all).item();
      };
      return (at(step) - at(-step)) / (2 * step);
    });
    expect(found[k]?.dtype).toBe("float64");
    expectClose(found[k] as Tensor, { shape: input.shape, data: slope }, tolerance);
  });
}

/** The check holds for random values; always the same ones. */
export function always<T>(
  values: fc.Arbitrary<T>,
  check: (value: T) => void,
  numRuns: number = 25,
): void {
  // biome-ignore lint/nursery/noFloatingPromises: a synchronous property returns nothing
  fc.assert(fc.property(values, check), { numRuns, seed: 7 });
}
