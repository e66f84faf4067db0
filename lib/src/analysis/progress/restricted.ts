import { dims } from "../../core/dims.ts";
import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { checkFrequency, componentsOf, fourierBasis, logitsBySum } from "../fourier/index.ts";
import { columnMeans, type Float64NdArray, float64 } from "../linalg/index.ts";
import { crossEntropy, rowLoss } from "../losses/index.ts";

/** Logits of a + b modulo p on all inputs, and which inputs were trained on. */
export interface LogitsOfSums {
  readonly p: number;
  /** "batch d_vocab_out", batch = p x + y, d_vocab_out = p (drop the outputs of other tokens). */
  readonly logits: NdArray;
  /** Inputs (p x + y) in the train set; the others are the test set. */
  readonly trainIndices: ArrayLike<number>;
}

/** A mean loss in nats over all inputs, the train set and the test set. */
export interface SplitLoss {
  readonly all: number;
  readonly train: number;
  readonly test: number;
}

/** (x + y) modulo p of every input p x + y. */
export function sumLabels(p: number): Int32Array {
  return Int32Array.from({ length: p * p }, (_, input) => (Math.floor(input / p) + input) % p);
}

/** The inputs that are not in `trainIndices`, in ascending order. */
export function testIndices(p: number, trainIndices: ArrayLike<number>): Int32Array {
  const isTrain = trainMask("testIndices", p, trainIndices);
  return Int32Array.from(isTrain.keys().filter((input) => isTrain[input] === 0));
}

/** Cross-entropy of the logits as they are. */
export function fullLoss({ p, logits, trainIndices }: LogitsOfSums): SplitLoss {
  dims("fullLoss", logits, "batch d_vocab_out", { batch: p * p, d_vocab_out: p });
  const labels = sumLabels(p);
  return {
    all: crossEntropy(logits, labels),
    train: crossEntropy(logits, labels, trainIndices),
    test: crossEntropy(logits, labels, testIndices(p, trainIndices)),
  };
}

/**
 * Projection of the logits, over inputs, on the directions cos w_k (x + y) and sin w_k (x + y) of
 * the given frequencies. It depends on x + y alone: "sum d_vocab_out".
 */
export function sumComponents(
  bySum: Float64NdArray,
  p: number,
  frequencies: readonly number[],
): Float64NdArray {
  const basis = fourierBasis(p).matrix.data;
  const out = float64([p, p]);
  for (const k of frequencies) {
    checkFrequency("sumComponents", p, k);
    for (const component of componentsOf(p, k))
      addProjection(bySum.data, out.data, basis, component, p);
  }
  return out;
}

function addProjection(
  bySum: Float64Array,
  out: Float64Array,
  basis: Float64Array,
  component: number,
  p: number,
): void {
  const coefficients = new Float64Array(p);
  for (let s = 0; s < p; s++) {
    // As a function of the p^2 inputs the basis row has norm sqrt(p): hence the division by p.
    const wave = (basis[component * p + s] as number) / p;
    for (let z = 0; z < p; z++) {
      coefficients[z] = (coefficients[z] as number) + wave * (bySum[s * p + z] as number);
    }
  }
  for (let s = 0; s < p; s++) {
    const wave = basis[component * p + s] as number;
    for (let z = 0; z < p; z++) {
      const at = s * p + z;
      out[at] = (out[at] as number) + wave * (coefficients[z] as number);
    }
  }
}

/**
 * Restricted ("trig") loss: only the projections of the logits on cos and sin of w_k (x + y) for
 * the key frequencies are kept, and the mean over inputs of what was taken away is put back
 * (Nanda et al. 2023, section 5.1; the bias correction is that of the authors' code).
 */
export function restrictedLoss(
  { p, logits, trainIndices }: LogitsOfSums,
  keyFrequencies: readonly number[],
): SplitLoss {
  const bySum = logitsBySum(logits, p);
  const kept = sumComponents(bySum, p, keyFrequencies);
  const bias = columnMeans(bySum).map((mean) => mean / p);
  const keptMeans = columnMeans(kept);
  const row = new Float64Array(p);
  const losses = Array.from({ length: p }, (_, s) => {
    for (let z = 0; z < p; z++) {
      row[z] = (kept.data[s * p + z] as number) + (bias[z] as number) - (keptMeans[z] as number);
    }
    return rowLoss(row, 0, p, s);
  });
  return meansBySum("restrictedLoss", losses, p, trainIndices);
}

/** Excluded loss: each key frequency alone, and all of them at once. */
export interface ExcludedLoss {
  readonly frequencies: readonly number[];
  /** Train loss without each of `frequencies`, in their order. */
  readonly each: readonly number[];
  /** Train loss without any of them. */
  readonly all: number;
}

/**
 * Excluded loss: cross-entropy on the train set of the logits minus their projections on cos and
 * sin of w_k (x + y); no bias correction (Nanda et al. 2023, section 5.1).
 */
export function excludedLoss(
  { p, logits, trainIndices }: LogitsOfSums,
  keyFrequencies: readonly number[],
): ExcludedLoss {
  const bySum = logitsBySum(logits, p);
  trainMask("excludedLoss", p, trainIndices);
  const without = (frequencies: readonly number[]): number => {
    const removed = sumComponents(bySum, p, frequencies);
    const row = new Float64Array(p);
    let sum = 0;
    for (let i = 0; i < trainIndices.length; i++) {
      const input = trainIndices[i] as number;
      const s = (Math.floor(input / p) + input) % p;
      for (let z = 0; z < p; z++) {
        row[z] = (logits.data[input * p + z] as number) - (removed.data[s * p + z] as number);
      }
      sum += rowLoss(row, 0, p, s);
    }
    return sum / trainIndices.length;
  };
  return {
    frequencies: keyFrequencies,
    each: keyFrequencies.map((k) => without([k])),
    all: without(keyFrequencies),
  };
}

/** Mean over inputs of a loss that depends on x + y alone. */
function meansBySum(
  where: string,
  losses: readonly number[],
  p: number,
  trainIndices: ArrayLike<number>,
): SplitLoss {
  const isTrain = trainMask(where, p, trainIndices);
  const labels = sumLabels(p);
  let train = 0;
  let test = 0;
  for (let input = 0; input < p * p; input++) {
    const loss = losses[labels[input] as number] as number;
    if (isTrain[input] === 1) train += loss;
    else test += loss;
  }
  const count = trainIndices.length;
  return { all: (train + test) / (p * p), train: train / count, test: test / (p * p - count) };
}

/** One per input: 1 in the train set, 0 outside. Both must have members and none occur twice. */
function trainMask(where: string, p: number, trainIndices: ArrayLike<number>): Uint8Array {
  const mask = new Uint8Array(p * p);
  for (let i = 0; i < trainIndices.length; i++) {
    const input = trainIndices[i] as number;
    if (!Number.isInteger(input) || input < 0 || input >= p * p || mask[input] === 1) {
      throw new InputError(
        `${where}: train indices are distinct integers from 0 to ${p * p - 1}, got ${input}`,
      );
    }
    mask[input] = 1;
  }
  if (trainIndices.length === 0 || trainIndices.length === p * p) {
    throw new InputError(
      `${where}: train and test set need at least one input each, got ${trainIndices.length} train inputs of ${p * p}`,
    );
  }
  return mask;
}
