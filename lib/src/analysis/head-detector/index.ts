/** Which heads do what: attention compared with that of known kinds of heads. */

import "../../core/runtime.ts";

export { type DetectHeadOptions, detectHead } from "./detect-head.ts";
export { type InductionLossOptions, inductionLoss } from "./induction-loss.ts";
export {
  detectionPatterns,
  getDuplicateTokenHeadDetectionPattern,
  getInductionHeadDetectionPattern,
  getPreviousTokenHeadDetectionPattern,
  type HeadName,
  headNames,
} from "./patterns.ts";
export {
  type AttentionPair,
  attentionOnPairs,
  inductionScores,
  previousTokenScores,
} from "./scores.ts";
export {
  computeHeadAttentionSimilarityScore,
  type ErrorMeasure,
  errorMeasures,
  type SimilarityOptions,
} from "./similarity.ts";
