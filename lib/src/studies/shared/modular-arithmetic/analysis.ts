/** Everything the modular addition studies draw and claim, from numbers alone, for one model. */

import {
  type ComponentProducts,
  componentProducts,
  type FourierBasis,
  fourierBasis,
  fourierTransform,
  fourierTransform2d,
  type Interference,
  inputMaps,
  interference,
  type KeyFrequencyRule,
  keyFrequencies,
  type LogitCosines,
  logitCosines,
  type NeuronClusters,
  type NeuronSpectrum,
  neuronClusters,
  neuronInputMap,
  neuronLogitMap,
  neuronSpectrum,
  type Spectrum,
  shareOf,
  spectrum,
} from "../../../analysis/fourier/index.ts";
import {
  type Float64NdArray,
  firstColumns,
  float64,
  gram,
  randomControl,
  rows,
  type Svd,
  svd,
  transpose,
} from "../../../analysis/linalg/index.ts";
import { accuracy, crossEntropy } from "../../../analysis/losses/index.ts";
import { attentionMaps, meanAttention } from "../../../analysis/patterns/index.ts";
import {
  type ProgressInput,
  type ProgressMeasures,
  progressMeasures,
  type SplitLoss,
  sumLabels,
  testIndices,
} from "../../../analysis/progress/index.ts";
import { progressNames } from "../../../analysis/progress/measures.ts";
import { dims } from "../../../core/dims.ts";
import type { NdArray } from "../../../core/nd.ts";
import { checkOptions, type OptionNames, pickOptions } from "../../../core/options.ts";
import type { Rng } from "../../../core/rng.ts";

/** Logits, activations and weights of a one-layer model of a + b modulo p; batch = p a + b. */
export interface ModularAdditionInput {
  readonly p: number;
  /** "batch d_vocab_out" at the last position; outputs from p on enter `performance` alone. */
  readonly logits: NdArray;
  /** "batch neuron": MLP activations at the last position. */
  readonly neuronActivations: NdArray;
  /** "batch neuron": the same before the nonlinearity. */
  readonly neuronPreActivations?: NdArray;
  /** "batch head src": attention of the last position. */
  readonly attention: NdArray;
  /** "d_vocab d_model"; rows from p on are left out. */
  readonly W_E: NdArray;
  /** "d_model d_vocab_out". */
  readonly W_U: NdArray;
  /** "d_model neuron", as the model uses it (binary or ternary values for such a model). */
  readonly W_in: NdArray;
  /** "neuron d_model", as the model uses it. */
  readonly W_out: NdArray;
  /** "head d_model d_head", as the model uses it. */
  readonly W_V?: NdArray;
  /** "head d_head d_model", as the model uses it. */
  readonly W_O?: NdArray;
  /** Inputs (p a + b) in the train set. */
  readonly trainIndices: ArrayLike<number>;
  /** All parameters, for the sum of squared weights. */
  readonly weights?: { readonly [name: string]: NdArray };
}

/** Where key frequencies are looked for. */
export type KeyFrequencySource = "embedding" | "unembedding" | "neurons" | "logits";

/** Choices of `analyzeModularAddition`; the defaults fit trained models. */
export interface ModularAdditionOptions {
  /**
   * Whose frequency shares decide. Default "unembedding": the embedding keeps part of its initial
   * noise when weight decay is small, and neurons of a binary model mix frequencies; the
   * unembedding shows only what reaches the logits.
   */
  readonly keyFrom?: KeyFrequencySource;
  /** Default: at least twice the uniform share; see `KeyFrequencyRule`. */
  readonly rule?: KeyFrequencyRule;
  /** Key frequencies to use instead of those found. */
  readonly keyFrequencies?: readonly number[];
  /** Neurons to draw; default the first six. */
  readonly neurons?: readonly number[];
  /** Draws the random control of the singular values; without it there is no control. */
  readonly rng?: Rng;
}

/** Shares (0 to 1) that say whether a model computes with its key frequencies. */
export interface FourierSummary {
  /** Share of the squared norm of W_E, without the constant component. */
  readonly embedding: number;
  /** Share of the squared norm of W_U, likewise. */
  readonly unembedding: number;
  /** Share of the squared norm of W_L = (W_out W_U)ᵀ, likewise. */
  readonly logitMap: number;
  /** Share of the variance of all neurons over inputs. */
  readonly neuronVariance: number;
  /** Share of the variance of the logits in cos w(a + b - c). */
  readonly logits: number;
  /** What the first three would be if all frequencies had the same share. */
  readonly uniform: number;
  /** What `neuronVariance` would be for activations without structure. */
  readonly uniformNeuronVariance: number;
  /** Mean over live neurons of the largest share of one frequency. */
  readonly meanNeuronFraction: number;
  /** Share of all neurons with at least 0.85 of their variance in one frequency. */
  readonly wellExplainedNeurons: number;
}

/** What `analyzeModularAddition` measures. */
export interface ModularAdditionAnalysis {
  readonly p: number;
  readonly basis: FourierBasis;
  /** Dot products of the basis vectors: the identity. */
  readonly basisGram: Float64NdArray;
  /** The frequencies that everything below calls key. */
  readonly keyFrequencies: readonly number[];
  /** What the same rule finds elsewhere. */
  readonly found: { readonly [S in KeyFrequencySource]: readonly number[] };
  /** Of the model as it is, over every output. Loss in nats. */
  readonly performance: { readonly loss: SplitLoss; readonly accuracy: SplitLoss };
  readonly attention: AttentionAnalysis;
  readonly embedding: EmbeddingAnalysis;
  readonly unembedding: Spectrum;
  readonly interference: Interference;
  readonly neurons: NeuronAnalysis;
  /** Spectrum of W_neur of each head; null without W_V and W_O. */
  readonly neuronInput: readonly Spectrum[] | null;
  /** Spectrum of W_L = (W_out W_U)ᵀ. */
  readonly logitMap: Spectrum;
  readonly logits: LogitCosines;
  readonly progress: ProgressMeasures;
  readonly summary: FourierSummary;
}

/** Where the last position looks. */
export interface AttentionAnalysis {
  /** "head src". */
  readonly mean: Float64NdArray;
  /** "head a b": attention to a. */
  readonly toFirst: Float64NdArray;
  /** "head a b": attention to b. */
  readonly toSecond: Float64NdArray;
}

/** The embedding of the numbers in the Fourier basis. */
export interface EmbeddingAnalysis {
  readonly svd: Svd;
  /** The same of a matrix of independent normal numbers; null without `rng`. */
  readonly control: Svd | null;
  /** "component d_model". */
  readonly transformed: Float64NdArray;
  readonly spectrum: Spectrum;
  readonly products: ComponentProducts;
}

/** Neurons by frequency, and maps of some of them. */
export interface NeuronAnalysis extends NeuronSpectrum {
  /** Which neurons the maps show. */
  readonly shown: readonly number[];
  /** "neuron a b"; null without pre-activations. */
  readonly preActivationMaps: Float64NdArray | null;
  /** "neuron a b". */
  readonly maps: Float64NdArray;
  /** "neuron component component". */
  readonly transformedMaps: Float64NdArray;
  readonly grouped: NeuronClusters;
  /** The largest share of one frequency in each neuron, ascending. */
  readonly sortedFractions: readonly number[];
}

const modularAdditionNames: OptionNames<ModularAdditionInput> = {
  p: true,
  logits: true,
  neuronActivations: true,
  neuronPreActivations: true,
  attention: true,
  W_E: true,
  W_U: true,
  W_in: true,
  W_out: true,
  W_V: true,
  W_O: true,
  trainIndices: true,
  weights: true,
};

/** Analyze one model of a + b modulo p. */
export function analyzeModularAddition(
  input: ModularAdditionInput,
  options: ModularAdditionOptions = {},
): ModularAdditionAnalysis {
  checkOptions("analyzeModularAddition", options, {
    keyFrom: true,
    rule: true,
    keyFrequencies: true,
    neurons: true,
    rng: true,
  });
  checkOptions("analyzeModularAddition", input, modularAdditionNames);
  const { p } = input;
  const basis = fourierBasis(p);
  const W_E = rows("W_E", input.W_E, 0, p);
  const W_U = firstColumns("W_U", input.W_U, p);
  const embeddingSpectrum = spectrum(basis, W_E);
  const unembedding = spectrum(basis, transpose(W_U));
  const neurons = analyzeNeurons(basis, input, options.neurons);
  const logits = logitCosines(firstColumns("logits", input.logits, p), p);
  const find = (shares: readonly number[]): number[] => keyFrequencies(shares, options.rule);
  const found = {
    embedding: find(embeddingSpectrum.shares),
    unembedding: find(unembedding.shares),
    neurons: find(neurons.shares),
    logits: find(logits.shares),
  };
  const key = options.keyFrequencies ?? found[options.keyFrom ?? "unembedding"];
  const logitMap = spectrum(basis, transpose(neuronLogitMap(input.W_out, W_U)));
  return {
    p,
    basis,
    basisGram: gram(basis.matrix),
    keyFrequencies: key,
    found,
    performance: measurePerformance(input),
    attention: analyzeAttention(input),
    embedding: {
      svd: svd(W_E),
      control:
        options.rng === undefined
          ? null
          : svd(randomControl([p, W_E.shape[1] as number], options.rng)),
      transformed: fourierTransform(basis, W_E),
      spectrum: embeddingSpectrum,
      products: componentProducts(basis, W_E, key),
    },
    unembedding,
    interference: interference(basis, key),
    neurons,
    neuronInput: neuronInputSpectra(basis, W_E, input),
    logitMap,
    logits,
    progress: progressMeasures(
      pickOptions<ProgressInput>({ ...input, keyFrequencies: key }, progressNames),
    ),
    summary: summarize(key, {
      embedding: embeddingSpectrum,
      unembedding,
      logitMap,
      neurons,
      logits,
      p,
    }),
  };
}

function measurePerformance({
  p,
  logits,
  trainIndices,
}: ModularAdditionInput): ModularAdditionAnalysis["performance"] {
  const labels = sumLabels(p);
  const test = testIndices(p, trainIndices);
  const split = (measure: typeof crossEntropy): SplitLoss => ({
    all: measure(logits, labels),
    train: measure(logits, labels, trainIndices),
    test: measure(logits, labels, test),
  });
  return { loss: split(crossEntropy), accuracy: split(accuracy) };
}

function analyzeAttention({ p, attention }: ModularAdditionInput): AttentionAnalysis {
  return {
    mean: meanAttention(attention),
    toFirst: attentionMaps(attention, p, 0),
    toSecond: attentionMaps(attention, p, 1),
  };
}

function analyzeNeurons(
  basis: FourierBasis,
  { p, neuronActivations, neuronPreActivations }: ModularAdditionInput,
  asked?: readonly number[],
): NeuronAnalysis {
  const { neuron } = dims("neuronActivations", neuronActivations, "batch neuron", { batch: p * p });
  const shown = asked ?? Array.from({ length: Math.min(6, neuron) }, (_, j) => j);
  const ofNeurons = neuronSpectrum(basis, neuronActivations);
  const grouped = neuronClusters(ofNeurons);
  const maps = inputMaps(neuronActivations, p, shown);
  return {
    ...ofNeurons,
    shown,
    preActivationMaps:
      neuronPreActivations === undefined ? null : inputMaps(neuronPreActivations, p, shown),
    maps,
    transformedMaps: fourierTransform2d(basis, maps),
    grouped,
    sortedFractions: [...grouped.fraction].sort((a, b) => a - b),
  };
}

function neuronInputSpectra(
  basis: FourierBasis,
  W_E: Float64NdArray,
  { p, W_V, W_O, W_in }: ModularAdditionInput,
): Spectrum[] | null {
  if (W_V === undefined || W_O === undefined) return null;
  const map = neuronInputMap({ W_E, W_V, W_O, W_in });
  const [heads, , neuron] = map.shape as [number, number, number];
  return Array.from({ length: heads }, (_, head) =>
    spectrum(basis, float64([p, neuron], rows("W_neur", map, head, head + 1).data)),
  );
}

function summarize(
  key: readonly number[],
  of: {
    p: number;
    embedding: Spectrum;
    unembedding: Spectrum;
    logitMap: Spectrum;
    neurons: NeuronAnalysis;
    logits: LogitCosines;
  },
): FourierSummary {
  const { fraction, wellExplained } = of.neurons.grouped;
  const live = fraction.length - of.neurons.dead.length;
  const components = key.reduce((sum, k) => sum + (2 * k === of.p ? 1 : 2), 0);
  const blocks = key.reduce((sum, k) => sum + (2 * k === of.p ? 3 : 8), 0);
  return {
    embedding: shareOf(of.embedding.shares, key),
    unembedding: shareOf(of.unembedding.shares, key),
    logitMap: shareOf(of.logitMap.shares, key),
    neuronVariance: shareOf(of.neurons.shares, key),
    logits: shareOf(of.logits.shares, key),
    uniform: components / (of.p - 1),
    uniformNeuronVariance: blocks / (of.p * of.p - 1),
    meanNeuronFraction: live === 0 ? 0 : fraction.reduce((sum, value) => sum + value, 0) / live,
    wellExplainedNeurons: wellExplained / fraction.length,
  };
}
