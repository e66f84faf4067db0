/** What is measured of one layer that answers skip trigrams: its heads, and how often it is right. */

import { ablateHeads, meanValues } from "../../analysis/ablation/index.ts";
import { argmax, einsum, oneHot, scope, type Tensor, tensor } from "../../arrays/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { AnyModel, Subject } from "../../lab/index.ts";
import { crossEntropyPerLabel } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import {
  answerPairs,
  drawSkipTrigrams,
  isSignal,
  type SkipTrigramParams,
  skipTrigram,
  skipTrigramTokens,
} from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import type { SkipTrigramStudyParams } from "./params.ts";
import { startOf } from "./plan.ts";

/** When the text of this module changes, everything is measured again. */
export const measurements = import.meta.url;

/** Which sequences: their length, and how many of them are signal. */
export type Layout = Pick<SkipTrigramParams, "length" | "oneIn">;

/** Rows of numbers. */
export type Rows = number[][];

/** What the heads do, at every position. */
function attending(model: AnyModel, tokens: Tensor) {
  const { logits, cache } = model.withConfig({ useAttnResult: true }).runWithCache(tokens);
  return { logits, pattern: cache.get("pattern", 0), result: cache.get("result", 0) };
}

/** The same after the last token alone: "batch head src" and "batch head d_model". */
function attendingLast(model: AnyModel, tokens: Tensor) {
  const { pattern, result } = attending(model, tokens);
  return { pattern: pattern.at([], [], -1), result: result.at([], -1) };
}

/** Loss in nats and largest logit after the last token. */
function scoring(model: AnyModel, tokens: Tensor, labels: Tensor) {
  const logits = model.forward(tokens).at([], -1);
  return { losses: crossEntropyPerLabel(logits, labels), answers: argmax(logits, -1) };
}

/** The same with the outputs of the heads that `off` "head" marks replaced by their means. */
function withoutHeads(model: AnyModel, tokens: Tensor, off: Tensor) {
  const z = model.runWithCache(tokens).cache.get("z", 0);
  const hook = ablateHeads(0, off, { replacement: meanValues(z) });
  return { answers: argmax(model.runWithHooks(tokens, [hook]).at([], -1), -1) };
}

/** One sequence. What each head adds is without b_O, which stands apart: rows and bias add up. */
export async function opened({ model, run }: Subject, sequence: readonly number[]) {
  const seen = await run(attending, nd("int32", [1, sequence.length], [...sequence]));
  using _ = scope();
  const unembedded = (x: Tensor) => x.astype("float64").matmul(model.W_U.astype("float64"));
  const result = tensor(seen.result).at(0).transpose([1, 0, 2]);
  return {
    /** "d_vocab_out" after the last token. */
    logits: tensor(seen.logits).at(0, -1).tolist() as number[],
    /** "head dest src" */
    pattern: tensor(seen.pattern).at(0).tolist() as Rows[],
    /** What each head adds to the residual stream, "head pos d_model". */
    perHead: result.tolist() as Rows[],
    /** What each head, the bias and the last token itself add to the logits, "… d_vocab_out". */
    parts: [
      ...(unembedded(result.at([], -1)).tolist() as Rows),
      unembedded(model.b_O.at(0)).tolist() as number[],
      unembedded(model.W_E.at(sequence.at(-1) as number)).tolist() as number[],
    ],
    bias: model.b_O.at(0).tolist() as number[],
  };
}
export type Opened = Awaited<ReturnType<typeof opened>>;

/** The heads by their weights, as tables of tokens; the model has no positions. */
export function circuits({ model }: Subject) {
  using _ = scope();
  const wide = (x: Tensor): Tensor => x.astype("float64");
  const E = wide(model.W_E);
  const read = (W: Tensor, b: Tensor): Tensor =>
    einsum("td,hde->hte", E, wide(W.at(0))).add(
      wide(b.at(0)).reshape([b.shape[1] as number, 1, -1]),
    );
  const scale = model.config.useAttnScale === false ? 1 : Number(model.config.attnScale);
  const qk = einsum("hqe,hke->hqk", read(model.W_Q, model.b_Q), read(model.W_K, model.b_K));
  const out = wide(model.W_O.at(0)).matmul(wide(model.W_U));
  return {
    /** Attention score of a query token for a key token, "head query key". */
    qk: qk.div(scale).tolist() as Rows[],
    /** What attending to a token adds to each logit, "head src d_vocab_out". */
    ov: read(model.W_V, model.b_V).matmul(out).tolist() as Rows[],
  };
}
export type Circuits = ReturnType<typeof circuits>;

/** Most signal sequences that are gone through; of more, as many are drawn. */
const mostSignal = 2 ** 12;

/** Every signal sequence once, or as many as `mostSignal`. */
function signalOf({ length }: Layout): Examples {
  const all = 16 * 6 ** (length - 3);
  if (all > mostSignal) {
    return drawSkipTrigrams({ length, oneIn: 1 }, new TorchGenerator(0), mostSignal);
  }
  return skipTrigram.examples(skipTrigram.params.parse({ length }));
}

/** What each head does on signal, answer by answer. */
export async function signal({ model, run }: Subject, layout: Layout) {
  const { tokens, labels } = signalOf(layout);
  const right = Array.from(labels.data, Number);
  const share = ({ data }: NdArray): number[] =>
    answerPairs().map((_, answer) =>
      mean(right.flatMap((label, row) => (label === answer ? [+(data[row] === label)] : []))),
    );
  const heads = Array.from({ length: model.config.nHeads }, (_, head) => head);
  const withoutHead: Rows = [];
  for (const head of heads) {
    const off = nd(
      "float32",
      [heads.length],
      Float32Array.from(heads, (one) => +(one === head)),
    );
    withoutHead.push(share((await run(withoutHeads, tokens, off)).answers));
  }
  const { answers } = await run(scoring, tokens, labels);
  const { pattern, result } = await run(attendingLast, tokens);
  return {
    sequences: right.length,
    accuracy: mean(right.map((label, row) => +(answers.data[row] === label))),
    /** Share right for each of the ten answers. */
    perAnswer: share(answers),
    /** The same with one head's output replaced by its mean: "head answer". */
    withoutHead,
    writes: writesOf(model, result, labels),
    /** Mean attention of the last token to the two numbers, of each head: "head 2". */
    toNumbers: toNumbersOf(pattern),
  };
}
export type Signal = Awaited<ReturnType<typeof signal>>;

/** What each head adds to each logit, less its mean over the answers' sequences: "head answer d_vocab_out". */
function writesOf(model: AnyModel, result: NdArray, labels: NdArray): Rows[] {
  using _ = scope();
  const last = tensor(result).astype("float64");
  const chosen = oneHot(tensor(labels), answerPairs().length).astype("float64");
  const sums = einsum("na,nhd->had", chosen, last.sub(last.mean(0)));
  const means = sums.div(chosen.sum(0).reshape([1, -1, 1]));
  return means.matmul(model.W_U.astype("float64")).tolist() as Rows[];
}

function toNumbersOf(pattern: NdArray): Rows {
  using _ = scope();
  const last = tensor(pattern).astype("float64").mean(0).tolist() as Rows;
  return last.map((row) => [row[0] as number, row.at(-2) as number]);
}

/** Accuracy and mean loss in nats on some examples. */
export interface Score {
  readonly count: number;
  readonly accuracy: number;
  readonly loss: number;
}

/** Sequences of one pass. */
const perPass = 10_000;

/** Scores on new sequences. */
export async function fresh({ run }: Subject, layout: Layout, seed: number, count: number) {
  const rng = new TorchGenerator(seed);
  const hits: [number[], number[]] = [[], []];
  const losses: [number[], number[]] = [[], []];
  for (let done = 0; done < count; done += perPass) {
    const { tokens, labels } = drawSkipTrigrams(layout, rng, Math.min(perPass, count - done));
    const scored = await run(scoring, tokens, labels);
    for (const [row, is] of isSignal(tokens).entries()) {
      hits[+is]?.push(+(scored.answers.data[row] === labels.data[row]));
      losses[+is]?.push(scored.losses.data[row] as number);
    }
  }
  const score = (parts: readonly (0 | 1)[]): Score => {
    const right = parts.flatMap((part) => hits[part]);
    return {
      count: right.length,
      accuracy: mean(right),
      loss: mean(parts.flatMap((part) => losses[part])),
    };
  };
  return { all: score([0, 1]), signal: score([1]), noise: score([0]) };
}
export type Fresh = Awaited<ReturnType<typeof fresh>>;

/** The sets that these parameters make: examples, and how often each label occurs. */
export function drawnSets(_: Subject, params: SkipTrigramStudyParams) {
  const { train, test } = startOf(params).split;
  const counts = ({ tokens, labels }: Examples, wanted: readonly boolean[]): number[] => {
    const out = Array<number>(skipTrigramTokens).fill(0);
    for (const [row, is] of isSignal(tokens).entries()) {
      const label = labels.data[row] as number;
      if (wanted.includes(is)) out[label] = (out[label] as number) + 1;
    }
    return out;
  };
  const { length } = params;
  return {
    first: Array.from(train.labels.data.subarray(0, 4), (label, row) => ({
      tokens: Array.from(train.tokens.data.subarray(row * length, (row + 1) * length), Number),
      label: Number(label),
    })),
    signalLabels: counts(train, [true]),
    noiseLabels: counts(train, [false]),
    testLabels: counts(test, [true, false]),
    testSignal: isSignal(test.tokens).filter(Boolean).length,
  };
}
export type DrawnSets = ReturnType<typeof drawnSets>;

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
