/** Progress measures of grokking (Nanda et al. 2023, section 5). */

import "../../core/runtime.ts";

export type { SquaredWeights } from "./concentration.ts";
export { giniCoefficient, squaredWeights } from "./concentration.ts";
export type { ProgressInput, ProgressMeasures } from "./measures.ts";
export { progressMeasures } from "./measures.ts";
export type { ExcludedLoss, LogitsOfSums, SplitLoss } from "./restricted.ts";
export {
  excludedLoss,
  fullLoss,
  restrictedLoss,
  sumComponents,
  sumLabels,
  testIndices,
} from "./restricted.ts";
