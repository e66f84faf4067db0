/** Ablation: zero, mean and resampled activations in place of heads, neurons, layers and positions. */

import "../../core/runtime.ts";

export {
  type AblationEffectsOptions,
  type AblationKind,
  type AblationUnit,
  ablationEffects,
} from "./effects.ts";
export {
  type AblationOptions,
  ablateEntries,
  ablateHeads,
  ablateNeurons,
  ablatePositions,
  type ChosenEntries,
  type Replacement,
} from "./entries.ts";
export {
  type MeanOptions,
  meanValues,
  otherExamples,
  resampledValues,
  zeroValues,
} from "./replacement.ts";
