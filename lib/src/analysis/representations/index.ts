/** Representations of finite groups, and how much of a model they explain. */

export { type IrrepOptions, irreducibleRepresentations } from "./irreps.ts";
export {
  analyseRepresentations,
  keyThreshold,
  type RepresentationAnalysis,
  type RepresentationInput,
  type RepresentationMetrics,
  type SubspaceLosses,
} from "./metrics.ts";
export type { NeuronRepresentations } from "./neurons.ts";
export { type PairBlock, type PairPass, passOver } from "./pairs.ts";
export { character, naturalRepresentation, type Representation } from "./representation.ts";
export { functionSpace, shareIn, spanOf } from "./span.ts";
export { summaryMetrics } from "./summary.ts";
export type { SplitPerformance } from "./sums.ts";
export { type LogitComparison, traceTable } from "./traces.ts";
export { lowRank, type SingularVectors, singularVectors } from "./vectors.ts";
export {
  conjugatePartition,
  type Partition,
  partitionsOf,
  standardTableaux,
  type Tableau,
} from "./young.ts";
