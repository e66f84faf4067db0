/** How well a model adds: by digit, by what digits need, by how far a carry travels. */

import { type NdArray, nd } from "../../core/nd.ts";
import type { HookedTransformerConfig, WeightArrays } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import {
  casesOfDigits,
  casesOfQuestions,
  type DigitCase,
  digitCases,
  drawAdditions,
  longestCascades,
  perQuestion,
  sumColumns,
} from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import type { Answers } from "../../train/index.ts";
import type { StudyContext } from "../study.ts";
import { digitNames, lossColumns } from "./losses.ts";
import { answerPasses, type Passes } from "./pass.ts";

/** A number of questions and how many of them were answered with every digit right. */
export interface Hits {
  readonly count: number;
  readonly right: number;
}

export interface SumScores {
  readonly all: Hits;
  /** "A5" … "A0" and the share of each digit that is right, and its mean loss in nats. */
  readonly digits: readonly string[];
  readonly digitAccuracy: readonly number[];
  readonly digitLoss: readonly number[];
  readonly loss: number;
  /** By the kind of question: no carry; carries, none through a nine; some through a nine. */
  readonly byKind: Readonly<Record<DigitCase, Hits>>;
  /** By the number of carried nines, and by the most nines that one carry passes through. */
  readonly byNines: readonly Hits[];
  readonly byCascade: readonly Hits[];
  /** Share right and mean loss of the digits of each case, "case digit", NaN where there are none. */
  readonly caseAccuracy: NdArray;
  readonly caseLoss: NdArray;
}

/** The questions of one draw, and of one run of the model. */
const drawn = 4000;
const perRun = 1000;

/** Score the model on `count` random sums, 4,000 drawn at a time from the generator seeded with 0. */
export async function scoreSums(
  { backend, progress }: StudyContext,
  config: HookedTransformerConfig,
  weights: WeightArrays,
  count: number,
): Promise<SumScores> {
  progress(`adding ${count.toLocaleString("en-US")} random numbers`);
  const digits = (config.nCtx - 3) / 3;
  const rng = new TorchGenerator(0);
  const passes = await answerPasses(backend, config, weights, Math.min(perRun, count));
  const parts: Answers[] = [];
  try {
    for (let left = count; left > 0; left -= drawn) {
      const examples = drawAdditions({ digits }, rng, Math.min(drawn, left));
      parts.push(await answersOf(passes, weights, examples, Math.min(perRun, count)));
    }
  } finally {
    await passes.release();
  }
  return scoresOf(joined(parts));
}

/** Run questions through a pass compiled for `size` of them; the last run is filled up. */
export async function answersOf(
  passes: Passes,
  weights: WeightArrays,
  examples: Examples,
  size: number,
): Promise<Answers> {
  const [count, length] = examples.tokens.shape as [number, number];
  const logits: NdArray[] = [];
  for (let from = 0; from < count; from += size) {
    const chunk = new Int32Array(size * length);
    chunk.set(examples.tokens.data.subarray(from * length, (from + size) * length));
    const pass = await passes.run(weights, nd("int32", [size, length], chunk));
    logits.push(pass.logits);
  }
  return answersFrom(examples, logits);
}

/** Losses and predictions from logits "batch pos d_vocab_out", in one part or several. */
export function answersFrom(examples: Examples, logits: readonly NdArray[]): Answers {
  const { data, shape } = examples.labels;
  const losses = new Float64Array(data.length);
  const predictions = new Int32Array(data.length);
  const classes = logits[0]?.shape[2] as number;
  const perPart = (logits[0]?.data.length as number) / classes;
  for (let i = 0; i < data.length; i++) {
    const part = logits[Math.floor(i / perPart)] as NdArray;
    const at = (i % perPart) * classes;
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if ((part.data[at + k] as number) > (part.data[at + best] as number)) best = k;
    }
    const top = part.data[at + best] as number;
    let total = 0;
    for (let k = 0; k < classes; k++) total += Math.exp((part.data[at + k] as number) - top);
    losses[i] = Math.log(total) + top - (part.data[at + (data[i] as number)] as number);
    predictions[i] = best;
  }
  return {
    examples,
    losses: nd("float64", shape, losses),
    predictions: nd("int32", shape, predictions),
  };
}

function joined(parts: readonly Answers[]): Answers {
  const join = (arrays: readonly NdArray[]): NdArray => {
    const [first] = arrays as [NdArray];
    const rows = arrays.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
    const data = arrays.flatMap((array) => Array.from(array.data));
    return nd(first.dtype, [rows, ...first.shape.slice(1)], data);
  };
  const [first] = parts as [Answers];
  return {
    examples: {
      ...first.examples,
      tokens: join(parts.map(({ examples }) => examples.tokens)),
      labels: join(parts.map(({ examples }) => examples.labels)),
    },
    losses: join(parts.map(({ losses }) => losses)),
    predictions: join(parts.map(({ predictions }) => predictions)),
  };
}

export function scoresOf(answers: Answers): SumScores {
  const { examples, losses, predictions } = answers;
  const columns = sumColumns(examples);
  const { count, digits } = columns;
  const width = digits + 1;
  const right = Array.from(predictions.data, (p, i) => p === examples.labels.data[i]);
  const whole = Array.from({ length: count }, (_, row) =>
    right.slice(row * width, (row + 1) * width).every(Boolean),
  );
  const hits = (keep: (row: number) => boolean): Hits => {
    const rows = whole.filter((_, row) => keep(row));
    return { count: rows.length, right: rows.filter(Boolean).length };
  };
  const by = (values: readonly number[]): Hits[] =>
    Array.from({ length: Math.max(...values) + 1 }, (_, k) => hits((row) => values[row] === k));
  const kinds = casesOfQuestions(columns);
  const cases = casesOfDigits(columns);
  const means = lossColumns(answers);
  const names = digitNames(digits);
  const table = (entry: (one: DigitCase, column: number) => number): NdArray =>
    nd(
      "float64",
      [digitCases.length, digits],
      digitCases.flatMap((one) => Array.from({ length: digits }, (_, i) => entry(one, i))),
    );
  const share = (rows: readonly boolean[]): number => rows.filter(Boolean).length / rows.length;
  return {
    all: hits(() => true),
    digits: names,
    digitAccuracy: names.map((_, i) => share(right.filter((_, k) => k % width === i))),
    digitLoss: names.map((name) => means[name] as number),
    loss: Array.from(losses.data).reduce((a, b) => a + b, 0) / losses.data.length,
    byKind: {
      BaseAdd: hits((row) => kinds[row] === "BaseAdd"),
      UseCarry1: hits((row) => kinds[row] === "UseCarry1"),
      UseSum9: hits((row) => kinds[row] === "UseSum9"),
    },
    byNines: by(perQuestion(columns, columns.useSum9)),
    byCascade: by(longestCascades(columns)),
    caseAccuracy: table((one, column) =>
      share(
        whole.flatMap((_, row) =>
          cases[row * digits + column] === one ? [right[row * width + column + 1] as boolean] : [],
        ),
      ),
    ),
    caseLoss: table((one, column) => means[`${one}.${names[column + 1]}`] ?? Number.NaN),
  };
}

/** The share of questions answered with every digit right. */
export function shareOf({ count, right }: Hits): number {
  return right / count;
}
