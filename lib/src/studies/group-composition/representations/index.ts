/** Representations of finite groups, and how much of a model they explain. */

export { byCoset, cosetSubgroups } from "./cosets.ts";
export { type IrrepOptions, irreducibleRepresentations } from "./irreps.ts";
export {
  analyzeRepresentations,
  keyThreshold,
  type RepresentationAnalysis,
  type RepresentationInput,
  type RepresentationMetrics,
  type SubspaceLosses,
} from "./metrics.ts";
export type { NeuronRepresentations } from "./neurons.ts";
export type { PairBlock, PairPass } from "./pairs.ts";
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

const names = ["cosets", "excluded", "irreps", "metrics", "neurons", "pairs", "permutation-irreps"];
const others = ["representation", "span", "summary", "sums", "traces", "vectors", "young"];

/** The modules that compute: when the text of one changes, what they measure is measured again. */
export const modules: readonly string[] = [...names, ...others].map((name) =>
  import.meta.url.replace(/index(\.\w+)$/, `${name}$1`),
);
