/** Small parts that the sections about modular addition share. */

import { list, percent } from "../../../article/index.ts";
import { InputError } from "../../../core/errors.ts";
import type { NdArray } from "../../../core/nd.ts";

/** `n` whole numbers from `from` on. */
export function range(n: number, from = 0): number[] {
  return Array.from({ length: n }, (_, i) => i + from);
}

/** The frequencies of functions on the numbers modulo p. */
export function frequenciesOf(p: number): number[] {
  return range(Math.floor(p / 2), 1);
}

/** "46.9 % (16.1 % by chance)" */
export function withChance(share: number, chance: number): string {
  return `${percent(share)} (${percent(chance)} by chance)`;
}

/** "the key frequency 2", "the key frequencies 8 and 19". */
export function keyOnes(key: readonly number[]): string {
  if (key.length === 0) return "key frequencies (there are none)";
  return `the key ${key.length === 1 ? "frequency" : "frequencies"} ${list(key)}`;
}

/** One map "a b" out of "which a b". */
export function mapOf({ dtype, shape, data }: NdArray, which: number): NdArray {
  const [, height = 0, width = 0] = shape;
  const part = data.subarray(which * height * width, (which + 1) * height * width);
  return { dtype, shape: [height, width], data: part };
}

/** Column `i` of a matrix. */
export function columnOf({ shape, data }: NdArray, i: number): Float64Array {
  const [height = 0, width = 0] = shape;
  return Float64Array.from({ length: height }, (_, row) => data[row * width + i] as number);
}

/** `value`, which must number one of `total` things; `field` names it. @throws InputError. */
export function checkedIndex(field: string, value: number, total: number): number {
  if (value < total) return value;
  throw new InputError(`${field} must be from 0 to ${total - 1}, got ${value}`);
}
