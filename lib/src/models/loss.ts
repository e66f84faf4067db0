import { logSoftmax, oneHot, type Tensor } from "../arrays/index.ts";
import { ShapeError } from "../core/errors.ts";

/**
 * Cross-entropy in nats of each label: -log softmax(logits)[label].
 * @param logits "… d_vocab_out"
 * @param labels int32 "…", each in [0, d_vocab_out)
 * @returns "…", in the dtype of the logits
 */
export function crossEntropyPerLabel(logits: Tensor, labels: Tensor): Tensor {
  const classes = logits.shape.at(-1) as number;
  if (logits.shape.slice(0, -1).join() !== labels.shape.join()) {
    throw new ShapeError("crossEntropy: labels", logits.shape.slice(0, -1), labels.shape);
  }
  const picked = oneHot(labels, classes).astype(logits.dtype).mul(logSoftmax(logits, -1));
  return picked.sum(-1).neg();
}

/**
 * Mean cross-entropy in nats: of the last position for logits "batch d_vocab_out" and labels
 * "batch", of every position for logits "batch pos d_vocab_out" and labels "batch pos".
 */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return crossEntropyPerLabel(logits, labels).mean();
}

/**
 * TransformerLens's `loss_fn`: mean cross-entropy of the next token, from logits
 * "batch pos d_vocab_out" and tokens "batch pos".
 */
export function nextTokenLoss(logits: Tensor, tokens: Tensor): Tensor {
  const length = tokens.shape[1] as number;
  return crossEntropy(logits.at([], [0, length - 1]), tokens.at([], [1]));
}
