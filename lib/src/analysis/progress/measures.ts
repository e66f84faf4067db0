import type { NdArray } from "../../core/nd.ts";
import { checkOptions, type OptionNames } from "../../core/options.ts";
import { fourierBasis, neuronLogitMap, spectrum } from "../fourier/index.ts";
import { firstColumns, rows, transpose } from "../linalg/index.ts";
import { giniCoefficient, squaredWeights } from "./concentration.ts";
import type { ExcludedLoss, SplitLoss } from "./restricted.ts";
import { excludedLoss, fullLoss, restrictedLoss } from "./restricted.ts";

/** One checkpoint of a model of a + b modulo p. */
export interface ProgressInput {
  readonly p: number;
  /** "batch d_vocab_out", batch = p x + y; outputs from p on are left out. */
  readonly logits: NdArray;
  /** Inputs (p x + y) in the train set. */
  readonly trainIndices: ArrayLike<number>;
  readonly keyFrequencies: readonly number[];
  /** "d_vocab d_model"; rows from p on are left out. */
  readonly W_E: NdArray;
  /** "neuron d_model". */
  readonly W_out: NdArray;
  /** "d_model d_vocab_out"; columns from p on are left out. */
  readonly W_U: NdArray;
  /** All parameters, for the sum of squared weights. */
  readonly weights?: { readonly [name: string]: NdArray };
}

/** The progress measures of Nanda et al. 2023, section 5.1. Losses in nats. */
export interface ProgressMeasures {
  readonly full: SplitLoss;
  readonly restricted: SplitLoss;
  readonly excluded: ExcludedLoss;
  /** Gini coefficient of the Fourier component norms of W_E. */
  readonly giniEmbedding: number;
  /** Gini coefficient of the Fourier component norms of W_L = (W_out W_U)ᵀ. */
  readonly giniLogitMap: number;
  /** Over all parameters; null when `weights` were not given. */
  readonly sumOfSquaredWeights: number | null;
}

/** The fields of `ProgressInput`. */
export const progressNames: OptionNames<ProgressInput> = {
  p: true,
  logits: true,
  trainIndices: true,
  keyFrequencies: true,
  W_E: true,
  W_out: true,
  W_U: true,
  weights: true,
};

/** All progress measures of one checkpoint. */
export function progressMeasures(input: ProgressInput): ProgressMeasures {
  checkOptions("progressMeasures", input, progressNames);
  const { p, trainIndices, keyFrequencies } = input;
  const ofSums = {
    p,
    trainIndices,
    logits: firstColumns("progressMeasures logits", input.logits, p),
  };
  const basis = fourierBasis(p);
  const W_E = rows("progressMeasures W_E", input.W_E, 0, p);
  const W_U = firstColumns("progressMeasures W_U", input.W_U, p);
  const W_L = transpose(neuronLogitMap(input.W_out, W_U));
  return {
    full: fullLoss(ofSums),
    restricted: restrictedLoss(ofSums, keyFrequencies),
    excluded: excludedLoss(ofSums, keyFrequencies),
    giniEmbedding: giniCoefficient(spectrum(basis, W_E).norms),
    giniLogitMap: giniCoefficient(spectrum(basis, W_L).norms),
    sumOfSquaredWeights: input.weights === undefined ? null : squaredWeights(input.weights).total,
  };
}
