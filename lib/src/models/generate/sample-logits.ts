/** Choosing the next token, with the order of steps of TransformerLens's `sample_logits`. */

import { Tensor } from "../../arrays/index.ts";
import { InputError, ShapeError } from "../../core/errors.ts";
import { checkIndices } from "../../core/indices.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { checkOptions, type OptionNames } from "../../core/options.ts";
import type { Rng } from "../../core/rng.ts";
import { shown } from "../../core/text.ts";

/** How the next token is chosen. */
export interface SamplingOptions {
  /** Source of chance: one uniform number per sequence. Needed unless `temperature` is 0. */
  readonly rng?: Rng | undefined;
  /** Logits are divided by it; 0 takes the largest logit. Default 1. */
  readonly temperature?: number | undefined;
  /** Keep the k largest logits, and those equal to the k-th. Wins over `topP`. */
  readonly topK?: number | undefined;
  /** Keep the fewest most probable tokens that together have at least this probability, in (0, 1]. */
  readonly topP?: number | undefined;
  /** Subtracted, after the temperature, for every time a token occurs. Default 0; unused at temperature 0. */
  readonly freqPenalty?: number | undefined;
  /**
   * Divides the positive logits of tokens that occur, and multiplies the negative ones. Default 1.
   */
  readonly repetitionPenalty?: number | undefined;
  /** int32 "batch pos": the tokens so far, for the two penalties. */
  readonly tokens?: NdArray | undefined;
}

const checkedNames: OptionNames<Checked> = {
  temperature: true,
  topK: true,
  topP: true,
  freqPenalty: true,
  repetitionPenalty: true,
  tokens: true,
};
const samplingNames: OptionNames<SamplingOptions> = { ...checkedNames, rng: true };

/**
 * The probabilities that `sampleLogits` draws from, float64 "batch d_vocab_out".
 * @throws InputError for logits of NaN or Infinity, and for rows of -Infinity alone.
 */
export function samplingProbabilities(logits: Tensor | NdArray, options: Checked): NdArray {
  checkOptions("samplingProbabilities", options, checkedNames);
  return probabilities("samplingProbabilities", logits, options, tokensOf(options));
}

/**
 * One token for each row of logits "batch d_vocab_out": int32 "batch". The probabilities are added
 * up in float64, and the token is the first at which the sum exceeds the uniform number.
 * @throws InputError for options out of range, when `rng` or `tokens` is missing, and for logits
 * from which nothing can be drawn: NaN, Infinity, or rows of -Infinity alone.
 */
export function sampleLogits(logits: Tensor | NdArray, options: SamplingOptions): NdArray {
  checkOptions("sampleLogits", options, samplingNames);
  return chooseTokens("sampleLogits", logits, options, tokensOf(options));
}

/** `sampleLogits` with the tokens so far of each row, for the penalties. */
export function chooseTokens(
  where: string,
  logits: Tensor | NdArray,
  options: Checked & Pick<SamplingOptions, "rng">,
  tokens: (row: number) => ArrayLike<number>,
): NdArray {
  const { shape, data } = probabilities(where, logits, options, tokens);
  const [batch, classes] = shape as [number, number];
  const uniform =
    options.temperature === 0 ? new Float32Array(batch) : rngOf(where, options.rng).uniform(batch);
  const chosen = Array.from(uniform, (u, b) =>
    pick(data.subarray(b * classes, (b + 1) * classes), u),
  );
  return nd("int32", [batch], chosen);
}

function probabilities(
  where: string,
  logits: Tensor | NdArray,
  options: Checked,
  tokens: (row: number) => ArrayLike<number>,
): NdArray {
  const { shape, data } = numbersOf(where, "logits", logits);
  const [batch, classes] = shape;
  if (shape.length !== 2 || batch === undefined || !classes) {
    throw new ShapeError(`${where}: logits "batch d_vocab_out"`, [-1, -1], shape);
  }
  checkRanges(where, options, batch, classes);
  const rows = Array.from({ length: batch }, (_, b) => {
    const row = Float64Array.from(data.subarray(b * classes, (b + 1) * classes));
    checkLogits(where, row, b);
    repel(row, tokens(b), options.repetitionPenalty ?? 1);
    return [...(options.temperature === 0 ? onlyLargest(row) : likely(row, tokens(b), options))];
  });
  return nd("float64", [batch, classes], rows.flat());
}

type Checked = Omit<SamplingOptions, "rng">;

function checkRanges(where: string, options: Checked, batch: number, classes: number): void {
  const { temperature = 1, topK = 1, topP = 1 } = options;
  const { freqPenalty = 0, repetitionPenalty = 1, tokens } = options;
  const finite = Number.isFinite;
  const checks: readonly (readonly [boolean, string, number])[] = [
    [temperature >= 0 && finite(temperature), "temperature must be 0 or more", temperature],
    [Number.isInteger(topK) && topK > 0, "topK must be a positive integer", topK],
    [topP > 0 && topP <= 1, "topP must be in (0, 1]", topP],
    [freqPenalty >= 0 && finite(freqPenalty), "freqPenalty must be 0 or more", freqPenalty],
    [
      repetitionPenalty > 0 && finite(repetitionPenalty),
      "repetitionPenalty must be more than 0",
      repetitionPenalty,
    ],
  ];
  for (const [holds, rule, got] of checks) {
    if (!holds) throw new InputError(`${where}: ${rule}, got ${got}`);
  }
  if (freqPenalty > 0 || repetitionPenalty !== 1) needed(where, "tokens", tokens);
  if (tokens === undefined) return;
  numbersOf(where, "tokens", tokens);
  if (tokens.shape.length !== 2 || tokens.shape[0] !== batch) {
    throw new ShapeError(`${where}: tokens "batch pos"`, [batch, -1], tokens.shape);
  }
  checkIndices(where, "tokens", tokens, classes);
}

/** @throws InputError for a row of logits from which no token follows. */
export function checkLogits(where: string, row: ArrayLike<number>, b: number): void {
  let some = false;
  for (let token = 0; token < row.length; token++) {
    const x = row[token] as number;
    if (Number.isNaN(x) || x === Number.POSITIVE_INFINITY) {
      throw new InputError(
        `${where}: logits must be numbers below Infinity, got ${x} for token ${token} of row ${b}`,
      );
    }
    some ||= x > Number.NEGATIVE_INFINITY;
  }
  if (!some) {
    throw new InputError(`${where}: row ${b} has no token to choose, all its logits are -Infinity`);
  }
}

function needed<T>(where: string, name: string, value: T | undefined): T {
  if (value !== undefined) return value;
  const why = name === "rng" ? "sampling needs rng" : "a penalty needs tokens";
  throw new InputError(`${where}: ${why}, got none`);
}

function rngOf(where: string, rng: Rng | undefined): Rng {
  if (typeof needed(where, "rng", rng)?.uniform === "function") return rng as Rng;
  throw new InputError(
    `${where}: rng must be a generator such as TorchGenerator, got ${shown(rng)}`,
  );
}

/** @throws InputError for what is neither a tensor nor an `NdArray`. */
export function numbersOf(where: string, what: string, given: Tensor | NdArray): NdArray {
  const array = given instanceof Tensor ? given.readSync() : given;
  if (Array.isArray(array?.shape) && ArrayBuffer.isView(array.data)) return array;
  throw new InputError(`${where}: ${what} must be a tensor or an NdArray, got ${shown(given)}`);
}

function tokensOf({ tokens }: Checked): (row: number) => ArrayLike<number> {
  if (tokens === undefined) return () => [];
  return (row) => {
    const length = tokens.shape[1] as number;
    return tokens.data.subarray(row * length, (row + 1) * length);
  };
}

/** Make tokens that occur less likely, however often they occur (Keskar et al. 2019). */
function repel(row: Float64Array, tokens: ArrayLike<number>, penalty: number): void {
  for (const token of new Set(Array.from(tokens))) {
    const logit = row[token] ?? 0;
    row[token] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

function likely(
  row: Float64Array,
  tokens: ArrayLike<number>,
  { temperature = 1, freqPenalty = 0, topK, topP }: Checked,
): Float64Array {
  const top = row[argmax(row)] as number;
  const logits = row.map((x) => (x - top) / temperature);
  for (const token of Array.from(tokens)) logits[token] = (logits[token] ?? 0) - freqPenalty;
  if (topK !== undefined) keepLargest(logits, topK);
  else if (topP !== undefined) keepProbable(logits, topP);
  return softmax(logits);
}

/** The first index at which the running sum exceeds `uniform`; the last possible one at the end. */
function pick(probabilities: ArrayLike<number>, uniform: number): number {
  let sum = 0;
  let last = 0;
  for (const [token, p] of Array.from(probabilities).entries()) {
    if (p === 0) continue;
    sum += p;
    last = token;
    if (sum > uniform) return token;
  }
  return last;
}

function keepLargest(logits: Float64Array, k: number): void {
  const sorted = logits.toSorted().reverse();
  const least = sorted[Math.min(k, sorted.length) - 1] as number;
  for (const [token, x] of logits.entries()) {
    if (x < least) logits[token] = Number.NEGATIVE_INFINITY;
  }
}

/** Drop every token before which the more probable ones already have more than `p`. */
function keepProbable(logits: Float64Array, p: number): void {
  const probabilities = softmax(logits);
  const order = Array.from(probabilities.keys()).sort(
    (a, b) => (probabilities[b] as number) - (probabilities[a] as number) || a - b,
  );
  let before = 0;
  for (const token of order) {
    if (before > p) logits[token] = Number.NEGATIVE_INFINITY;
    before += probabilities[token] as number;
  }
}

function softmax(logits: Float64Array): Float64Array {
  const top = logits[argmax(logits)] as number;
  const weights = logits.map((x) => Math.exp(x - top));
  const total = weights.reduce((sum, x) => sum + x, 0);
  return weights.map((x) => x / total);
}

/** All probability on the first largest. */
function onlyLargest(row: Float64Array): Float64Array {
  const best = argmax(row);
  return row.map((_, i) => (i === best ? 1 : 0));
}

/** The first largest. */
function argmax(row: Float64Array): number {
  return row.reduce((best, x, i) => (x > (row[best] as number) ? i : best), 0);
}
