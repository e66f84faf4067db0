/** A trained model opened up: what each head reads, writes, and is needed for. */

import type { Backend } from "../../compile/backend.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { hookedTransformer, type WeightArrays } from "../../models/index.ts";
import { answerPairs, skipTrigram, skipTrigramTokens } from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import { capture } from "../shared/capture.ts";
import type { SkipTrigramStudyParams } from "./params.ts";
import { modelConfig } from "./plan.ts";

const width = skipTrigramTokens;
const block = "blocks.0.attn";

/** One sequence. Contributions of heads are without b_O, which stands apart: rows and bias add up. */
export interface OpenedSequence {
  readonly tokens: readonly number[];
  /** "d_vocab_out" at the last position. */
  readonly logits: readonly number[];
  /** "head dest src" */
  readonly pattern: NdArray;
  /** What each head adds to the residual stream, "head pos d_model"; the logits are the same. */
  readonly perHead: NdArray;
  /** b_O, "d_model". */
  readonly bias: readonly number[];
}

/** The heads by themselves, in tokens: the embedding is one-hot. */
export interface HeadCircuits {
  /** Attention score of a query token for a key token, "head query key", biases included. */
  readonly qk: NdArray;
  /** What attending a token adds to each logit, "head src d_vocab_out", b_V included. */
  readonly ov: NdArray;
}

/** All signal sequences, each once. */
export interface SignalHeads {
  readonly accuracy: number;
  /** Share right for each of the ten answers. */
  readonly perAnswer: readonly number[];
  /** The same with one head's output replaced by its mean: "head answer". */
  readonly withoutHead: NdArray;
  /** What each head adds to each logit, less its mean over all pairs: "head answer d_vocab_out". */
  readonly writes: NdArray;
  /** Attention of the last token to the two numbers, of each head: "head 2". */
  readonly toNumbers: NdArray;
}

export interface OpenedModel {
  readonly sequence: OpenedSequence | null;
  readonly circuits: HeadCircuits;
  readonly signal: SignalHeads;
}

export async function openModel(
  backend: Backend,
  params: SkipTrigramStudyParams,
  weights: WeightArrays,
  sequence: readonly number[],
): Promise<OpenedModel> {
  return {
    sequence:
      sequence.length === params.length
        ? await openSequence(backend, params, weights, sequence)
        : null,
    circuits: headCircuits(weights),
    signal: await signalHeads(backend, params, weights),
  };
}

async function openSequence(
  backend: Backend,
  params: SkipTrigramStudyParams,
  weights: WeightArrays,
  sequence: readonly number[],
): Promise<OpenedSequence> {
  const length = sequence.length;
  const tokens = nd("int32", [1, length], [...sequence]);
  const seen = await runHeads(backend, params, weights, tokens);
  const heads = params.nHeads;
  const { data: wO } = get(weights, "W_O");
  const perHead = Float64Array.from({ length: heads * length * width }, (_, i) => {
    const [head, pos, token] = [
      Math.floor(i / (length * width)),
      Math.floor(i / width) % length,
      i % width,
    ];
    return (seen.z.data[pos * heads + head] as number) * (wO[head * width + token] as number);
  });
  return {
    tokens: [...sequence],
    logits: [...seen.logits.data.subarray((length - 1) * width)],
    pattern: nd("float64", [heads, length, length], Float64Array.from(seen.pattern.data)),
    perHead: nd("float64", [heads, length, width], perHead),
    bias: [...get(weights, "b_O").data],
  };
}

interface Seen {
  /** "batch pos d_vocab_out" */
  readonly logits: NdArray;
  /** "batch head dest src" */
  readonly pattern: NdArray;
  /** "batch pos head" */
  readonly z: NdArray;
}

async function runHeads(
  backend: Backend,
  params: SkipTrigramStudyParams,
  weights: WeightArrays,
  tokens: NdArray,
): Promise<Seen> {
  const model = { model: hookedTransformer, config: modelConfig(params) };
  const names = [`${block}.hook_pattern`, `${block}.hook_z`];
  const seen = await capture(backend, model, weights, tokens, names);
  return {
    logits: seen.logits,
    pattern: seen.at(`${block}.hook_pattern`),
    z: seen.at(`${block}.hook_z`),
  };
}

/** QK and OV of every head, by the weights alone. Heads have width 1. */
export function headCircuits(weights: WeightArrays): HeadCircuits {
  const [wQ, wK, wV, wO] = (["W_Q", "W_K", "W_V", "W_O"] as const).map((n) => get(weights, n).data);
  const [bQ, bK, bV] = (["b_Q", "b_K", "b_V"] as const).map((n) => get(weights, n).data);
  const heads = get(weights, "W_Q").shape[0] as number;
  const table = (entry: (head: number, row: number, column: number) => number): NdArray =>
    nd(
      "float64",
      [heads, width, width],
      Float64Array.from({ length: heads * width * width }, (_, i) =>
        entry(Math.floor(i / width ** 2), Math.floor(i / width) % width, i % width),
      ),
    );
  const own = (w: Numbers, b: Numbers, head: number, token: number): number =>
    (w?.[head * width + token] as number) + (b?.[head] as number);
  return {
    qk: table((head, query, key) => own(wQ, bQ, head, query) * own(wK, bK, head, key)),
    ov: table((head, src, out) => own(wV, bV, head, src) * (wO?.[head * width + out] as number)),
  };
}

type Numbers = ArrayLike<number> | undefined;

async function signalHeads(
  backend: Backend,
  params: SkipTrigramStudyParams,
  weights: WeightArrays,
): Promise<SignalHeads> {
  const all = skipTrigram.examples({ ...params, oneIn: 1 });
  const seen = await runHeads(backend, params, weights, all.tokens);
  const last = lastRows(params, seen);
  const heads = Array.from({ length: params.nHeads }, (_, head) => head);
  const means = heads.map((head) => mean(last.map(({ z }) => z[head] as number)));
  const wO = get(weights, "W_O").data;
  const without = (row: LastRow, head: number): number[] =>
    row.logits.map(
      (logit, k) =>
        logit +
        ((means[head] as number) - (row.z[head] as number)) * (wO[head * width + k] as number),
    );
  const perAnswer = (logits: (row: LastRow) => readonly number[]): number[] =>
    answerPairs().map((_, answer) =>
      mean(
        last.flatMap((row, i) =>
          all.labels.data[i] === answer ? [Number(argmax(logits(row)) === answer)] : [],
        ),
      ),
    );
  const writes = heads.flatMap((head) =>
    answerPairs().flatMap((_, answer) => {
      const z = mean(
        last.flatMap((row, i) => (all.labels.data[i] === answer ? [row.z[head] as number] : [])),
      );
      return Array.from(
        { length: width },
        (_, k) => (z - (means[head] as number)) * (wO[head * width + k] as number),
      );
    }),
  );
  const answers = answerPairs().length;
  return {
    accuracy: mean(last.map((row, i) => Number(argmax(row.logits) === all.labels.data[i]))),
    perAnswer: perAnswer((row) => row.logits),
    withoutHead: nd(
      "float64",
      [heads.length, answers],
      heads.flatMap((head) => perAnswer((row) => without(row, head))),
    ),
    writes: nd("float64", [heads.length, answers, width], writes),
    toNumbers: nd(
      "float64",
      [heads.length, 2],
      heads.flatMap((head) =>
        [0, params.length - 2].map((src) =>
          mean(last.map(({ pattern }) => pattern[head * params.length + src] as number)),
        ),
      ),
    ),
  };
}

/** What the last position of a sequence saw and did. */
interface LastRow {
  readonly logits: readonly number[];
  /** "head" */
  readonly z: readonly number[];
  /** "head src" */
  readonly pattern: readonly number[];
}

function lastRows({ length, nHeads }: SkipTrigramStudyParams, seen: Seen): LastRow[] {
  const count = seen.logits.shape[0] as number;
  return Array.from({ length: count }, (_, row) => {
    const at = (row + 1) * length - 1;
    const heads = Array.from({ length: nHeads }, (_, head) => head);
    return {
      logits: [...seen.logits.data.subarray(at * width, (at + 1) * width)],
      z: [...seen.z.data.subarray(at * nHeads, (at + 1) * nHeads)],
      pattern: heads.flatMap((head) => {
        const start = ((row * nHeads + head) * length + length - 1) * length;
        return [...seen.pattern.data.subarray(start, start + length)];
      }),
    };
  });
}

/** Accuracy and mean loss in nats on some examples. */
export interface Score {
  readonly count: number;
  readonly accuracy: number;
  readonly loss: number;
}

/** Score a model on examples, in one forward pass. */
export async function scoreOn(
  backend: Backend,
  params: SkipTrigramStudyParams,
  weights: WeightArrays,
  examples: Examples,
): Promise<readonly { readonly hit: boolean; readonly loss: number }[]> {
  const seen = await runHeads(backend, params, weights, examples.tokens);
  return lastRows(params, seen).map(({ logits }, i) => {
    const label = examples.labels.data[i] as number;
    const top = Math.max(...logits);
    const total = logits.reduce((sum, x) => sum + Math.exp(x - top), 0);
    return {
      hit: argmax(logits) === label,
      loss: Math.log(total) + top - (logits[label] as number),
    };
  });
}

export function argmax(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function get(weights: WeightArrays, name: string): NdArray {
  return weights[`${block}.${name}`] as NdArray;
}
