/** The batch that seed 001 opens up: its questions, their attention, and the hook experiment. */

import { type NdArray, nd } from "../../core/nd.ts";
import {
  type HookedTransformerConfig,
  hookedTransformer,
  type WeightArrays,
} from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import {
  additionToken,
  answerPositions,
  casesOfQuestions,
  type DigitCase,
  digitCases,
  sumColumns,
} from "../../tasks/index.ts";
import { type Answers, Draws } from "../../train/index.ts";
import { capture } from "../shared/capture.ts";
import type { StudyContext } from "../study.ts";
import { type AdditionStudyParams, additionParams } from "./params.ts";
import { questionStream } from "./plan.ts";
import { printedBatch } from "./printed.ts";
import { answersFrom } from "./scores.ts";

/** A question with the attention of the model on it. */
export interface OpenQuestion {
  readonly written: string;
  /** Why it was picked: one of the first, or one of its kind. */
  readonly group: "first" | DigitCase;
  /** Row of the batch. */
  readonly row: number;
  /** "head dest src" */
  readonly pattern: NdArray;
}

export interface OpenBatch {
  /** Counted from 1. */
  readonly number: number;
  readonly kinds: Readonly<Record<DigitCase, number>>;
  /** The first question as written, and the most likely token at each of its positions. */
  readonly first: string;
  readonly predictions: readonly number[];
  /** Up to three of the first, and of each kind. */
  readonly questions: readonly OpenQuestion[];
  readonly hook: HookExperiment;
}

/** Attention at work and switched off by a hook: loss in nats and share of answers right. */
export interface HookExperiment {
  readonly with: { readonly loss: number; readonly answers: number };
  readonly without: { readonly loss: number; readonly answers: number };
  /** Of the logits. */
  readonly largestChange: number;
}

const patternName = "blocks.0.attn.hook_pattern";
const shown = 3;

export async function openBatch(
  { backend, progress }: StudyContext,
  params: AdditionStudyParams,
  config: HookedTransformerConfig,
  weights: WeightArrays,
): Promise<OpenBatch> {
  const number = params.steps + printedBatch - additionParams.parse({}).steps;
  progress(`opening batch ${number}`);
  const stream = questionStream(params, new TorchGenerator(params.seed));
  const examples = new Draws(stream, params.batchSize).at(number - 1);
  const model = { model: hookedTransformer, config };
  const { tokens } = examples;
  const whole = await capture(backend, model, weights, tokens, [patternName]);
  const cut = await capture(backend, model, weights, tokens, [], (name, x) =>
    name === patternName ? x.mul(0) : x,
  );
  const kinds = casesOfQuestions(sumColumns(examples));
  const [count, length] = tokens.shape as [number, number];
  const pattern = whole.at(patternName);
  const written = (row: number): string =>
    [...tokens.data.subarray(row * length, (row + 1) * length)].map(additionToken).join("");
  const open = (group: OpenQuestion["group"], some: readonly number[]): OpenQuestion[] =>
    some
      .slice(0, shown)
      .map((row) => ({ written: written(row), group, row, pattern: rowOf(pattern, row) }));
  const rows = Array.from({ length: count }, (_, row) => row);
  const ofKind = (kind: DigitCase): number[] => rows.filter((row) => kinds[row] === kind);
  return {
    number,
    kinds: {
      BaseAdd: ofKind("BaseAdd").length,
      UseCarry1: ofKind("UseCarry1").length,
      UseSum9: ofKind("UseSum9").length,
    },
    first: written(0),
    predictions: predictionsOf(rowOf(whole.logits, 0)),
    questions: [...open("first", rows), ...digitCases.flatMap((kind) => open(kind, ofKind(kind)))],
    hook: {
      with: summary(answersFrom(examples, [atAnswers(params.digits, whole.logits)])),
      without: summary(answersFrom(examples, [atAnswers(params.digits, cut.logits)])),
      largestChange: Array.from(whole.logits.data).reduce(
        (most, x, i) => Math.max(most, Math.abs(x - (cut.logits.data[i] as number))),
        0,
      ),
    },
  };
}

/** Entry `row` of the first axis. */
function rowOf({ dtype, shape, data }: NdArray, row: number): NdArray {
  const [, ...rest] = shape;
  const size = rest.reduce((a, b) => a * b, 1);
  return nd(dtype, rest, data.slice(row * size, (row + 1) * size));
}

/** The most likely token at each position of logits "pos d_vocab_out". */
function predictionsOf({ shape, data }: NdArray): number[] {
  const [length, classes] = shape as [number, number];
  return Array.from({ length }, (_, pos) => {
    const own = Array.from(data.subarray(pos * classes, (pos + 1) * classes));
    return own.indexOf(Math.max(...own));
  });
}

/** Logits "batch pos d_vocab_out" at the positions that answer. */
function atAnswers(digits: number, { shape, data }: NdArray): NdArray {
  const [count, length, classes] = shape as [number, number, number];
  const positions = answerPositions(digits);
  const out = Float64Array.from({ length: count * positions.length * classes }, (_, i) => {
    const [place, k] = [Math.floor(i / classes), i % classes];
    const row = Math.floor(place / positions.length);
    const position = positions[place % positions.length] as number;
    return data[(row * length + position) * classes + k] as number;
  });
  return nd("float64", [count, positions.length, classes], out);
}

function summary({ examples, losses, predictions }: Answers): HookExperiment["with"] {
  const [count, width] = losses.shape as [number, number];
  const wrong = new Set<number>();
  for (const [i, predicted] of predictions.data.entries()) {
    if (predicted !== examples.labels.data[i]) wrong.add(Math.floor(i / width));
  }
  const loss = Array.from(losses.data).reduce((a, b) => a + b, 0) / losses.data.length;
  return { loss, answers: 1 - wrong.size / count };
}
