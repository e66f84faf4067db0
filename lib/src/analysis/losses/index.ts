/** Losses and accuracies of logits that are numbers. */

import "../../core/runtime.ts";

export { accuracy, crossEntropy, rowLoss } from "./cross-entropy.ts";
