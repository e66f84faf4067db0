import { dims } from "../../core/dims.ts";
import { ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { type Float64NdArray, float64, matmul, transpose } from "../linalg/index.ts";
import type { FourierBasis } from "./basis.ts";
import { componentsOf, maxFrequency } from "./basis.ts";
import { foldInputs } from "./fold.ts";
import { shareOf } from "./spectrum.ts";

/** A neuron whose variance is below this share of its mean square is constant up to rounding. */
const constantUpToRounding = 1e-20;

/** A neuron is well explained when one frequency has this share of its variance (Nanda et al. 2023, section 4.3). */
const wellExplainedShare = 0.85;

/** Activations "batch neuron", batch = p x + y, as one picture per chosen neuron: "neuron x y". */
export function inputMaps(
  activations: NdArray,
  p: number,
  neurons: readonly number[],
): Float64NdArray {
  const { neuron: width } = dims("inputMaps", activations, "batch neuron", { batch: p * p });
  const out = float64([neurons.length, p, p]);
  for (const [i, neuron] of neurons.entries()) {
    if (!Number.isInteger(neuron) || neuron < 0 || neuron >= width) {
      throw new ShapeError(`inputMaps (neuron ${neuron})`, [p * p, neuron + 1], activations.shape);
    }
    for (let at = 0; at < p * p; at++) {
      out.data[i * p * p + at] = activations.data[at * width + neuron] as number;
    }
  }
  return out;
}

/**
 * 2-D Fourier transform F X Fᵀ of every picture: "neuron x y" to "neuron component component"
 * (Li's notebook, cells 64 and 67). The sum of squares is the same before and after.
 */
export function fourierTransform2d(basis: FourierBasis, maps: NdArray): Float64NdArray {
  const { p } = basis;
  const { neuron } = dims("fourierTransform2d", maps, "neuron x y", { x: p, y: p });
  const out = float64([neuron, p, p]);
  const transposed = transpose(basis.matrix);
  for (let i = 0; i < neuron; i++) {
    const data = Float64Array.from(maps.data.subarray(i * p * p, (i + 1) * p * p));
    const along = matmul(basis.matrix, float64([p, p], data));
    out.data.set(matmul(along, transposed).data, i * p * p);
  }
  return out;
}

/** How the variance of neurons over all inputs (x, y) divides over frequencies. */
export interface NeuronSpectrum {
  /**
   * "freq neuron": share of the 3 x 3 block {1, cos k, sin k}², without the constant, in the
   * variance of each neuron; frequency k at row k - 1; zeros for a dead neuron.
   */
  readonly fractions: Float64NdArray;
  /** Variance over all inputs, one number per neuron. */
  readonly variances: readonly number[];
  /** Share of frequency k in the variance of all neurons together, at index k - 1. */
  readonly shares: readonly number[];
  /** Neurons that do not depend on the input. */
  readonly dead: readonly number[];
}

/**
 * Fraction of each neuron's variance explained by each frequency (Li's notebook, cell 68; Nanda et al.
 * 2023, section 4.3), from activations "batch neuron", batch = p x + y.
 */
export function neuronSpectrum(basis: FourierBasis, activations: NdArray): NeuronSpectrum {
  const { p } = basis;
  const folds = foldInputs("neuronSpectrum", activations, p);
  const neuron = folds.energies.length;
  const frequencies = maxFrequency(p);
  const blocks = float64([frequencies, neuron]);
  for (const [fold, halved] of [
    [folds.first, false],
    [folds.second, false],
    [folds.sum, true],
    [folds.difference, true],
  ] as const) {
    const transformed = matmul(basis.matrix, fold).data;
    for (let k = 1; k <= frequencies; k++) {
      // cos k(x+y) and cos k(x-y) are the same function when k = p / 2: count it once.
      const scale = (halved && 2 * k === p ? 0.5 : 1) / p;
      for (const component of componentsOf(p, k)) {
        for (let j = 0; j < neuron; j++) {
          const value = transformed[component * neuron + j] as number;
          const at = (k - 1) * neuron + j;
          blocks.data[at] = (blocks.data[at] as number) + scale * value * value;
        }
      }
    }
  }
  const dead = folds.energies.flatMap((energy, j) =>
    energy <= constantUpToRounding * (folds.squares[j] as number) ? [j] : [],
  );
  return {
    ...divide(blocks, folds.energies, new Set(dead)),
    dead,
    variances: folds.energies.map((energy) => energy / (p * p)),
  };
}

function divide(
  blocks: Float64NdArray,
  energies: readonly number[],
  dead: ReadonlySet<number>,
): { fractions: Float64NdArray; shares: number[] } {
  const [frequencies, neuron] = blocks.shape as [number, number];
  const fractions = float64(blocks.shape);
  const shares = new Array<number>(frequencies).fill(0);
  const total = energies.reduce((sum, energy, j) => sum + (dead.has(j) ? 0 : energy), 0);
  for (let k = 0; k < frequencies; k++) {
    for (let j = 0; j < neuron; j++) {
      if (dead.has(j)) continue;
      const block = blocks.data[k * neuron + j] as number;
      fractions.data[k * neuron + j] = block / (energies[j] as number);
      shares[k] = (shares[k] as number) + block / total;
    }
  }
  return { fractions, shares };
}

/** Neurons grouped by the frequency that explains most of their variance. */
export interface NeuronClusters {
  /** The frequency of each neuron; 0 for a dead one. */
  readonly frequency: readonly number[];
  /** Share of that frequency in the variance of each neuron; 0 for a dead one. */
  readonly fraction: readonly number[];
  /** In ascending order of frequency; frequencies without neurons are left out. */
  readonly clusters: readonly NeuronCluster[];
  /** Number of neurons of which one frequency explains at least the asked share. */
  readonly wellExplained: number;
}

/** Neurons of one frequency. */
export interface NeuronCluster {
  readonly frequency: number;
  readonly neurons: readonly number[];
  /** How many of them are explained by the frequency up to the asked share. */
  readonly wellExplained: number;
  /** Mean share of the frequency in the variance of the cluster's neurons. */
  readonly meanFraction: number;
}

/** Group neurons by preferred frequency; `least` (0.85) is what "well explained" means. */
export function neuronClusters(
  { fractions, dead }: Pick<NeuronSpectrum, "fractions" | "dead">,
  least: number = wellExplainedShare,
): NeuronClusters {
  const { freq, neuron } = dims("neuronClusters", fractions, "freq neuron");
  const deadSet = new Set(dead);
  const frequency = new Array<number>(neuron).fill(0);
  const fraction = new Array<number>(neuron).fill(0);
  for (let j = 0; j < neuron; j++) {
    if (deadSet.has(j)) continue;
    for (let k = 1; k <= freq; k++) {
      const value = fractions.data[(k - 1) * neuron + j] as number;
      if (frequency[j] === 0 || value > (fraction[j] as number)) {
        frequency[j] = k;
        fraction[j] = value;
      }
    }
  }
  const clusters: NeuronCluster[] = [];
  for (let k = 1; k <= freq; k++) {
    const neurons = frequency.flatMap((best, j) => (best === k ? [j] : []));
    if (neurons.length === 0) continue;
    const own = neurons.map((j) => fraction[j] as number);
    clusters.push({
      frequency: k,
      neurons,
      wellExplained: own.filter((value) => value >= least).length,
      meanFraction: own.reduce((sum, value) => sum + value, 0) / own.length,
    });
  }
  const wellExplained = clusters.reduce((sum, cluster) => sum + cluster.wellExplained, 0);
  return { frequency, fraction, clusters, wellExplained };
}

/** Share of the variance of all neurons together that lies in the blocks of these frequencies. */
export function neuronVarianceShare(
  spectrum: Pick<NeuronSpectrum, "shares">,
  frequencies: readonly number[],
): number {
  return shareOf(spectrum.shares, frequencies);
}
