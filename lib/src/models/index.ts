/** Models with named hook points, and ways to run them. */

import "../core/runtime.ts";
import * as all from "./all.ts";
import type { Model } from "./model.ts";

/** Every model by its exported name. */
export const models = all satisfies { readonly [name: string]: Model<unknown> };
/** The exported name of a model. */
export type ModelName = keyof typeof models;

export { getActName } from "./act-name.ts";
export {
  type AccumulatedOptions,
  ActivationCache,
  type ActivationName,
  type ApplyLnOptions,
  type BiasOptions,
  type CacheSource,
  cacheSource,
  type DecomposeOptions,
  type DecompositionOptions,
  type LabeledStack,
  type LogitAttrsOptions,
  type NeuronOptions,
  type StackNeuronsOptions,
  type StackResultsOptions,
  type TokenChoice,
} from "./activation-cache/index.ts";
export {
  type BilinearConfig,
  type BilinearOptions,
  bilinear,
  bilinearConfig,
} from "./bilinear/index.ts";
export {
  type BitNetConfig,
  type BitNetOptions,
  bitNetConfig,
  bitNetTransformer,
  notebookInit,
  type Quantization,
  quantizations,
  quantizeWeights,
} from "./bitnet/index.ts";
export { BitNetTransformer, HookedTransformer } from "./create.ts";
export {
  type GenerateOptions,
  type LogitRow,
  type LogitsTableOptions,
  logitsToTable,
  rankOf,
  type SamplingOptions,
  sampleLogits,
  samplingProbabilities,
} from "./generate/index.ts";
export type { Loss } from "./gradients.ts";
export type { HookEntry } from "./hook-entries.ts";
export {
  createModel,
  HookedModel,
  type Tokens,
  type WeightSource,
} from "./hooked-model.ts";
export {
  type ActFn,
  type HookedTransformerConfig,
  type HookedTransformerOptions,
  hookedTransformer,
  hookedTransformerConfig,
  type InitMode,
  type NormalizationType,
  nParams,
  type PositionalEmbeddingType,
} from "./hooked-transformer/index.ts";
export { cacheInto, compose, identity, patch, zeroAblate, zeroAblateHeads } from "./hooks.ts";
export {
  type AccuracyOptions,
  crossEntropy,
  crossEntropyPerLabel,
  type LossOptions,
  lmAccuracy,
  lossFn,
  nextTokenLoss,
} from "./loss.ts";
export type { Names } from "./match-points.ts";
export type {
  Hook,
  LogitDifferences,
  Model,
  Parameter,
  Point,
  ResidualStream,
  Span,
  Tied,
  TokenTable,
  WeightArrays,
  Weights,
} from "./model.ts";
export type {
  HookName,
  HookNameInput,
  LayerType,
  ShortName,
  WeightName,
  WeightNameInput,
} from "./names.ts";
export {
  type OneLayerMlpConfig,
  type OneLayerMlpOptions,
  oneLayerMlp,
  oneLayerMlpConfig,
} from "./one-layer-mlp/index.ts";
export { parseConfig } from "./parse.ts";
export type { PointRow } from "./point-shapes.ts";
export {
  compiled,
  type ModelKind,
  type ReadArrays,
  type Reading,
  type ReadingArguments,
  Readings,
  type ReadTensors,
} from "./readings.ts";
export {
  type Cache,
  type Cached,
  type CachedStopped,
  type CachedWithLoss,
  type CacheOptions,
  type GradientOptions,
  type PlainOptions,
  runWithCache,
  runWithHooks,
  type StoppedOptions,
} from "./run.ts";
export type {
  ForwardOptions,
  LogitsAndLoss,
  PassOptions,
  Returned,
  ReturnKind,
  StopOptions,
  Unhooked,
} from "./run-forward.ts";
export { applySlice, type Slice, sliceEntries } from "./slice.ts";
export { tokenTable } from "./token-table.ts";
export {
  centerUnembed,
  centerWritingWeights,
  foldLayerNorm,
  foldValueBiases,
  type ProcessedModel,
  type ProcessOptions,
  processWeights,
  refactorFactoredAttnMatrices,
  type TransformerModel,
  type WeightPass,
  weightPasses,
} from "./weight-processing/index.ts";
export { withHooks } from "./with-hooks.ts";
