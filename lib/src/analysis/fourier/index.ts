/** Functions of numbers modulo p in the Fourier basis: embeddings, neurons, logits. */

import "../../core/runtime.ts";

export type { FourierBasis } from "./basis.ts";
export { checkFrequency, checkModulus, componentsOf, fourierBasis, maxFrequency } from "./basis.ts";
export type { Folds } from "./fold.ts";
export { foldInputs } from "./fold.ts";
export type { KeyFrequencyRule } from "./key-frequencies.ts";
export { defaultTimesUniform, keyFrequencies, topFrequencies } from "./key-frequencies.ts";
export type { NeuronInputWeights } from "./logit-maps.ts";
export { neuronInputMap, neuronLogitMap } from "./logit-maps.ts";
export type { LogitCosines } from "./logits-by-sum.ts";
export { logitCosines, logitsBySum } from "./logits-by-sum.ts";
export type { NeuronCluster, NeuronClusters, NeuronSpectrum } from "./neurons.ts";
export {
  fourierTransform2d,
  inputMaps,
  neuronClusters,
  neuronSpectrum,
  neuronVarianceShare,
} from "./neurons.ts";
export type { ComponentProducts, Interference, Spectrum } from "./spectrum.ts";
export {
  componentProducts,
  fourierTransform,
  interference,
  shareOf,
  spectrum,
} from "./spectrum.ts";
