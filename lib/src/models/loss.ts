import { argmax, clip, logSoftmax, oneHot, type Tensor, where } from "../arrays/index.ts";
import { isReadable } from "../arrays/internal.ts";
import { InputError, ShapeError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { indexTensor, maskTensor } from "./tokens.ts";

/**
 * Cross-entropy in nats of each label: -log softmax(logits)[label].
 * @param logits "… d_vocab_out"
 * @param labels int32 "…", each in [0, d_vocab_out)
 * @returns "…", in the dtype of the logits
 * @throws InputError for labels out of range; in a compiled function their loss is NaN.
 */
export function crossEntropyPerLabel(logits: Tensor, labels: Tensor): Tensor {
  const classes = logits.shape.at(-1) as number;
  if (logits.shape.slice(0, -1).join() !== labels.shape.join()) {
    throw new ShapeError("crossEntropy: labels", logits.shape.slice(0, -1), labels.shape);
  }
  const whole = indexTensor("crossEntropy", "labels", labels, classes);
  const picked = oneHot(whole, classes).astype(logits.dtype).mul(logSoftmax(logits, -1));
  const each = picked.sum(-1).neg();
  if (isReadable(whole)) return each;
  return where(whole.equal(clip(whole, 0, classes - 1)), each, Number.NaN);
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

/** Options of `lossFn`. */
export interface LossOptions {
  /** "batch pos" of each next token, one position shorter, in place of the mean. Default false. */
  readonly perToken?: boolean;
  /** "batch pos", 0 where a token is padding: pairs of tokens that touch it count as 0. */
  readonly attentionMask?: Tensor | undefined;
}

const lossOptions: OptionNames<LossOptions> = { perToken: true, attentionMask: true };

/**
 * TransformerLens's `loss_fn`: cross-entropy in nats of the next token, from logits
 * "batch pos d_vocab_out" and int32 tokens "batch pos", each in [0, d_vocab_out). The mean is over
 * the pairs of tokens without padding.
 */
export function lossFn(logits: Tensor, tokens: Tensor, options: LossOptions = {}): Tensor {
  checkOptions("lossFn", options, lossOptions);
  const { perToken = false } = options;
  const attentionMask = options.attentionMask && maskTensor("lossFn", options.attentionMask);
  const [batch = -1, length = 0] = tokens.shape;
  if (length < 2) {
    throw new ShapeError(
      'lossFn: tokens "batch pos" of two positions or more',
      [batch, 2],
      tokens.shape,
    );
  }
  checkPositions("lossFn", logits, tokens);
  const each = crossEntropyPerLabel(logits.at([], [0, length - 1]), tokens.at([], [1]));
  if (attentionMask === undefined) return perToken ? each : each.mean();
  if (attentionMask.shape.join() !== tokens.shape.join()) {
    throw new ShapeError('lossFn: attentionMask "batch pos"', tokens.shape, attentionMask.shape);
  }
  const real = attentionMask.notEqual(0).astype(each.dtype);
  const counted = real.at([], [0, length - 1]).mul(real.at([], [1]));
  const kept = where(counted, each, 0);
  if (perToken) return kept;
  const pairs = counted.sum();
  if (isReadable(pairs) && pairs.item() === 0) {
    throw new InputError(
      "lossFn: attentionMask leaves no pair of neighboring tokens, so there is no mean; leave such rows out",
    );
  }
  return kept.sum().div(pairs);
}

/** @throws ShapeError unless there are logits for every position of two or more. */
function checkPositions(where: string, logits: Tensor, tokens: Tensor): void {
  const [batch = -1, length = -1] = logits.shape;
  const fits = logits.ndim === 3 && length >= 2 && tokens.shape.join() === `${batch},${length}`;
  if (!fits)
    throw new ShapeError(`${where}: tokens of these logits`, [batch, length], tokens.shape);
}

/** Options of `lmAccuracy`. */
export interface AccuracyOptions {
  /** bool "batch pos" of each next token, in place of the share. Default false. */
  readonly perToken?: boolean;
}

const accuracyOptions: OptionNames<AccuracyOptions> = { perToken: true };

/**
 * TransformerLens's `lm_accuracy`: how often the largest logit at a position is that of the next
 * token, 0 … 1; with `perToken` bool "batch pos", one position shorter.
 */
export function lmAccuracy(logits: Tensor, tokens: Tensor, options: AccuracyOptions = {}): Tensor {
  checkOptions("lmAccuracy", options, accuracyOptions);
  const { perToken = false } = options;
  const whole = indexTensor("lmAccuracy", "tokens", tokens, logits.shape.at(-1) as number);
  checkPositions("lmAccuracy", logits, whole);
  const length = tokens.shape[1] as number;
  const right = argmax(logits.at([], [0, length - 1]), -1).equal(whole.at([], [1]));
  return perToken ? right : right.astype("float32").mean();
}
