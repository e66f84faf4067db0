export type { FourierBasis } from "./basis.ts";
export { checkFrequency, checkModulus, componentsOf, fourierBasis, maxFrequency } from "./basis.ts";
export type { Folds } from "./fold.ts";
export { foldInputs } from "./fold.ts";
export type { KeyFrequencyRule } from "./key-frequencies.ts";
export { defaultTimesUniform, keyFrequencies, topFrequencies } from "./key-frequencies.ts";
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
