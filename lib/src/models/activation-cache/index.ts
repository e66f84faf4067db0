/** Activations of a forward pass, and what the residual stream is made of. */

export { ActivationCache, type ActivationName } from "./activation-cache.ts";
export {
  type LogitAttrsOptions,
  type TokenChoice,
  tokensToResidualDirections,
} from "./attribution.ts";
export { accumulatedBias, type BiasOptions } from "./bias.ts";
export type { DecompositionOptions } from "./decomposition.ts";
export type { LabeledStack } from "./labeled-stack.ts";
export type { NeuronOptions, StackNeuronsOptions } from "./neurons.ts";
export type { ApplyLnOptions } from "./norm.ts";
export type { ReadoutOptions } from "./readout.ts";
export type { AccumulatedOptions, DecomposeOptions } from "./residuals.ts";
export type { StackResultsOptions } from "./results.ts";
export { type CacheSource, cacheSource } from "./source.ts";
