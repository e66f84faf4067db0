import { dims } from "../../core/dims.ts";
import type { NdArray } from "../../core/nd.ts";
import { type Float64NdArray, float64 } from "../linalg/index.ts";
import { checkModulus } from "./basis.ts";

/** Sums over the inputs (x, y) that share x, y, x + y or x - y modulo p; each "residue neuron". */
export interface Folds {
  readonly first: Float64NdArray;
  readonly second: Float64NdArray;
  readonly sum: Float64NdArray;
  readonly difference: Float64NdArray;
  /** Mean over all inputs, one number per neuron. */
  readonly means: readonly number[];
  /** Sum of squared deviations from the mean, one number per neuron. */
  readonly energies: readonly number[];
  /** Sum of squares, one number per neuron. */
  readonly squares: readonly number[];
}

/**
 * Fold "batch neuron" values, batch = p x + y, after taking off each neuron's mean.
 *
 * The 3 x 3 block of frequency k in the 2-D Fourier transform, {1, cos k, sin k} in x times the
 * same in y without the constant, is spanned by cos and sin of kx, ky, k(x + y) and k(x - y)
 * (product-to-sum identities), so these four sums hold all of it.
 */
export function foldInputs(what: string, values: NdArray, p: number): Folds {
  checkModulus(what, p);
  const { neuron } = dims(what, values, "batch neuron", { batch: p * p });
  const means = inputMeans(values, neuron);
  const [first, second, sum, difference] = [0, 1, 2, 3].map(() => new Float64Array(p * neuron)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const energies = new Float64Array(neuron);
  const squares = new Float64Array(neuron);
  for (let x = 0; x < p; x++) {
    for (let y = 0; y < p; y++) {
      const from = (p * x + y) * neuron;
      const [atX, atY] = [x * neuron, y * neuron];
      const atSum = ((x + y) % p) * neuron;
      const atDifference = ((x - y + p) % p) * neuron;
      for (let j = 0; j < neuron; j++) {
        const raw = values.data[from + j] as number;
        const value = raw - (means[j] as number);
        first[atX + j] = (first[atX + j] as number) + value;
        second[atY + j] = (second[atY + j] as number) + value;
        sum[atSum + j] = (sum[atSum + j] as number) + value;
        difference[atDifference + j] = (difference[atDifference + j] as number) + value;
        energies[j] = (energies[j] as number) + value * value;
        squares[j] = (squares[j] as number) + raw * raw;
      }
    }
  }
  return {
    first: float64([p, neuron], first),
    second: float64([p, neuron], second),
    sum: float64([p, neuron], sum),
    difference: float64([p, neuron], difference),
    means: Array.from(means),
    energies: Array.from(energies),
    squares: Array.from(squares),
  };
}

/** Mean of "batch neuron" values over the batch. */
function inputMeans(values: NdArray, neuron: number): Float64Array {
  const means = new Float64Array(neuron);
  const batch = values.data.length / neuron;
  for (let from = 0; from < values.data.length; from += neuron) {
    for (let j = 0; j < neuron; j++) {
      means[j] = (means[j] as number) + (values.data[from + j] as number);
    }
  }
  for (let j = 0; j < neuron; j++) means[j] = (means[j] as number) / batch;
  return means;
}
