import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { sumOfSquares } from "../linalg/index.ts";

/**
 * Gini coefficient of non-negative numbers: 0 when all are equal (or all zero), near 1 when one
 * holds everything. Over v sorted ascending: sum of (2 i - n - 1) v_i over n times their sum
 * (Nanda et al. 2023, section 5.1, takes it of Fourier component norms).
 */
export function giniCoefficient(values: readonly number[]): number {
  if (values.length === 0 || !values.every((value) => value >= 0)) {
    throw new InputError("giniCoefficient: needs a non-empty list of numbers from 0 up");
  }
  const n = values.length;
  let weighted = 0;
  let total = 0;
  for (const [i, value] of [...values].sort((a, b) => a - b).entries()) {
    weighted += (2 * (i + 1) - n - 1) * value;
    total += value;
  }
  return total === 0 ? 0 : weighted / (n * total);
}

/** Sum of squared weights, of each parameter and of all together. */
export interface SquaredWeights {
  readonly each: { readonly [name: string]: number };
  readonly total: number;
}

/** Sum of squares of named weights (Nanda et al. 2023, section 5.1). */
export function squaredWeights(weights: { readonly [name: string]: NdArray }): SquaredWeights {
  const each = Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [name, sumOfSquares(weight.data)]),
  );
  const total = Object.values(each).reduce((sum, value) => sum + value, 0);
  return { each, total };
}
