/** Continuing sequences token by token. */

import { scope, tensor } from "../../arrays/index.ts";
import { InputError, ShapeError } from "../../core/errors.ts";
import { checkIndices } from "../../core/indices.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { checkOptions, type OptionNames } from "../../core/options.ts";
import type { Rng } from "../../core/rng.ts";
import { shown } from "../../core/text.ts";
import { identity } from "../hooks.ts";
import type { Model, Weights } from "../model.ts";
import { runSpan } from "../run-forward.ts";
import { axisSize, maskTensor, type Tokens, tokenTensor } from "../tokens.ts";
import { chooseTokens } from "./sample-logits.ts";

/** How many tokens are made and how; the options of `sampleLogits` too. Sampling needs `rng`. */
export interface GenerateOptions {
  /** Default 10. */
  readonly maxNewTokens?: number | undefined;
  /** A sequence ends with it (or one of them), and is filled up with the first; default none. */
  readonly stopAtToken?: number | readonly number[] | undefined;
  /** False takes the largest logit at every step. Default true. */
  readonly doSample?: boolean | undefined;
  /**
   * "batch pos", 0 where a prompt is padding, which must stand in front: so prompts of unlike length
   * are continued together. Default all ones.
   */
  readonly attentionMask?: Tokens | undefined;
  /** Source of chance: one uniform number per sequence and step. Needed unless nothing is sampled. */
  readonly rng?: Rng | undefined;
  /** Logits are divided by it; 0 takes the largest logit. Default 1. */
  readonly temperature?: number | undefined;
  /** Keep the k largest logits, and those equal to the k-th. Wins over `topP`. */
  readonly topK?: number | undefined;
  /** Keep the fewest most probable tokens that together have at least this probability, in (0, 1]. */
  readonly topP?: number | undefined;
  /** Subtracted, after the temperature, for every time a token occurs. Default 0; unused at temperature 0. */
  readonly freqPenalty?: number | undefined;
  /** Divides the positive logits of tokens that occur, and multiplies the negative ones. Default 1. */
  readonly repetitionPenalty?: number | undefined;
}

const generateOptions: OptionNames<GenerateOptions> = {
  maxNewTokens: true,
  stopAtToken: true,
  doSample: true,
  attentionMask: true,
  rng: true,
  temperature: true,
  topK: true,
  topP: true,
  freqPenalty: true,
  repetitionPenalty: true,
};

/** Lengths are rounded up to a multiple of this, so that few shapes of arrays occur. */
const step = 16;

/**
 * The prompts, int32 "batch pos", and what the model continues them with, as TransformerLens's
 * `generate`: int32 "batch pos". It ends early when every sequence has met a stop token.
 * @throws InputError when the context is full, for options out of range and prompts of unlike
 * length, and for logits from which nothing can be drawn (see `sampleLogits`).
 */
export function generate<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  prompts: Tokens,
  options: GenerateOptions = {},
): NdArray {
  checkOptions("generate", options, generateOptions);
  const { maxNewTokens = 10, stopAtToken = [], doSample = true } = options;
  if (typeof doSample !== "boolean") {
    throw new InputError(`generate: doSample must be true or false, got ${shown(doSample)}`);
  }
  if (typeof stopAtToken !== "number" && !Array.isArray(stopAtToken)) {
    throw new InputError(
      `generate: stopAtToken must be a token or a list of tokens, got ${shown(stopAtToken)}`,
    );
  }
  const start = promptArray(model, config, prompts);
  const stops = typeof stopAtToken === "number" ? [stopAtToken] : stopAtToken;
  checkCounts(model, config, maxNewTokens, stops);
  const sampling = {
    ...options,
    temperature: doSample ? options.temperature : 0,
    tokens: start,
  };
  const batch = start.shape[0] as number;
  const finished = new Array<boolean>(batch).fill(false);
  let text: Text = { tokens: start, mask: maskOf(start, options.attentionMask) };
  for (let i = 0; i < maxNewTokens && !finished.every(Boolean); i++) {
    const logits = nextLogits(model, weights, config, text, i);
    const { tokens } = text;
    const sampled = chooseTokens("generate", logits, { ...sampling, tokens }, (b) => real(text, b));
    const next = Array.from(sampled.data, (token, b) => (finished[b] ? (stops[0] ?? 0) : token));
    for (const [b, token] of next.entries()) finished[b] ||= stops.includes(token);
    text = extended(text, next);
  }
  return text.tokens;
}

/** Tokens so far, and where they are padding. */
interface Text {
  readonly tokens: NdArray;
  readonly mask: NdArray | undefined;
}

/** The prompts as int32 "batch pos". */
function promptArray<C>(model: Model<C>, config: C, prompts: Tokens): NdArray {
  const lengths = Array.isArray(prompts)
    ? new Set((prompts as readonly unknown[]).map((row) => (Array.isArray(row) ? row.length : 1)))
    : new Set<number>();
  if (lengths.size > 1) {
    throw new InputError(
      `generate: prompts must be equally long, got lengths ${[...lengths].join(" and ")}; put padding in front of the shorter ones and say where with attentionMask`,
    );
  }
  const array = tokenTensor("generate", model.parameters(config), prompts).readSync();
  if ((array.shape[1] as number) > 0) return array;
  throw new ShapeError('generate: prompts "batch pos" of one token or more', [-1, 1], array.shape);
}

function checkCounts<C>(
  model: Model<C>,
  config: C,
  maxNewTokens: number,
  stops: readonly number[],
): void {
  if (!(Number.isInteger(maxNewTokens) && maxNewTokens >= 0)) {
    throw new InputError(
      `generate: maxNewTokens must be a whole number of at least 0, got ${maxNewTokens}`,
    );
  }
  const size = axisSize(model.parameters(config), "d_vocab") ?? Number.POSITIVE_INFINITY;
  checkIndices("generate", "stopAtToken", { shape: [stops.length], data: stops }, size);
}

/** @throws ShapeError or InputError for a mask that is not that of the prompts, or ends in padding. */
function maskOf({ shape }: NdArray, given: Tokens | undefined): NdArray | undefined {
  if (given === undefined) return undefined;
  const mask = maskTensor("generate", given).readSync();
  const [batch = 0, length = 0] = shape;
  if (mask.shape.join() !== shape.join()) {
    throw new ShapeError('generate: attentionMask "batch pos"', shape, mask.shape);
  }
  for (let b = 0; b < batch; b++) {
    const row = mask.data.subarray(b * length, (b + 1) * length);
    if (row.every((x, i) => x >= (row[i - 1] ?? 0)) && row[length - 1] === 1) continue;
    throw new InputError(
      `generate: attentionMask must be 0 in front and then 1, since tokens are appended, got ${row.join(" ")} in row ${b}`,
    );
  }
  return mask;
}

/** Logits "batch d_vocab_out" of the token after the last. */
function nextLogits<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  { tokens, mask }: Text,
  made: number,
): NdArray {
  using _scope = scope();
  const [batch, length] = tokens.shape as [number, number];
  const context = model.context?.(config);
  const most = context?.length ?? Number.POSITIVE_INFINITY;
  if (length > most) {
    throw new InputError(
      `generate: the context of ${most} positions is full after ${made} new tokens; set maxNewTokens to at most ${made}, or a larger nCtx`,
    );
  }
  const width = context?.causal ? Math.min(Math.ceil(length / step) * step, most) : length;
  const padded = tensor(widen(tokens, width));
  const attentionMask = mask === undefined ? undefined : tensor(widen(mask, width));
  const logits = runSpan(model, weights, config, padded, identity, { attentionMask });
  const { shape, data } = logits.readSync();
  const classes = shape[2] as number;
  const rows = Array.from({ length: batch }, (_, b) => {
    const start = (b * width + length - 1) * classes;
    return Array.from(data.subarray(start, start + classes));
  });
  return nd("float32", [batch, classes], rows.flat());
}

/** The tokens of one sequence without padding. */
function real({ tokens, mask }: Text, b: number): ArrayLike<number> {
  const length = tokens.shape[1] as number;
  const row = tokens.data.subarray(b * length, (b + 1) * length);
  if (mask === undefined) return row;
  return Array.from(row).filter((_, i) => mask.data[b * length + i] === 1);
}

/** Zeros after every sequence, up to a width: a causal model does not see them. */
function widen(tokens: NdArray, width: number): NdArray {
  const [batch, length] = tokens.shape as [number, number];
  const wide = new Int32Array(batch * width);
  for (let b = 0; b < batch; b++) {
    wide.set(Array.from(tokens.data.subarray(b * length, (b + 1) * length)), b * width);
  }
  return nd("int32", [batch, width], wide);
}

function extended({ tokens, mask }: Text, next: readonly number[]): Text {
  const ones = next.map(() => 1);
  return {
    tokens: append(tokens, next),
    mask: mask === undefined ? undefined : append(mask, ones),
  };
}

function append(tokens: NdArray, next: readonly number[]): NdArray {
  const length = tokens.shape[1] as number;
  const longer = widen(tokens, length + 1);
  for (const [b, token] of next.entries()) longer.data[b * (length + 1) + length] = token;
  return longer;
}
