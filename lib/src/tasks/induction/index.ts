/** Induction: random tokens among which a random subsequence comes back. */

import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";
import type { Examples, Task } from "../task.ts";

const name = "induction";

/** The token at the beginning of every sequence, and nowhere else. */
export const beginToken = 0;

/** Parameters of `induction`. */
export type InductionParams = {
  readonly vocabulary: number;
  readonly copyLength: number;
  readonly copies: number;
  readonly slack: number;
  readonly trainCount: number;
  readonly testCount: number;
};

/** What decides the sequences; the rest of the parameters says how many there are. */
export type InductionLayout = Omit<InductionParams, "trainCount" | "testCount">;

const params = z.object({
  vocabulary: z.int().min(2).default(128).meta({
    description: "Tokens, of which 0 only begins a sequence.",
  }),
  copyLength: z.int().min(2).max(256).default(16).meta({
    description: "Length of the subsequence that comes back.",
    unit: "tokens",
  }),
  copies: z.int().min(2).max(16).default(3).meta({
    description: "Times that it occurs, the first included.",
  }),
  slack: z.int().min(0).max(256).default(12).meta({
    description: "Random tokens around each copy, before it and after it.",
    unit: "tokens",
  }),
  trainCount: z.int().min(1).default(512).meta({ description: "Sequences to train on." }),
  testCount: z.int().min(1).default(128).meta({ description: "Sequences to test on." }),
});

/**
 * Token 0, then `copies` segments of `copyLength + slack` random tokens 1 … vocabulary - 1. Each
 * segment holds the same random subsequence, at a place of its own. Labels "n pos" are the tokens of
 * the later copies without their first, which nothing predicts; `places` says where each is asked,
 * one position before it stands. `examples` are all sequences, each once, the subsequence slowest.
 */
export const induction: Task<InductionParams> = {
  name,
  title: "Induction: random tokens that come back",
  source: {
    paper:
      "Nanda et al. 2023, Progress measures for grokking via mechanistic interpretability, repeated subsequences",
    at: "data_config of induction_head_infinite.pth",
    url: "https://arxiv.org/abs/2301.05217",
  },
  params,
  labeled: "some",
  drawn: "independent",
  small: { vocabulary: 4, copyLength: 2, copies: 2, slack: 1, trainCount: 40, testCount: 10 },
  vocabulary: (given) => ({
    dVocab: given.vocabulary,
    dVocabOut: given.vocabulary,
    nCtx: sequenceLength(given),
    label: inductionToken,
  }),
  examples: everySequence,
  split: (given, rng) => ({
    train: drawInduction(given, rng, given.trainCount),
    test: drawInduction(given, rng, given.testCount),
  }),
};

/** Examples that know where each copy begins. */
export interface InductionExamples extends Examples {
  readonly places: NdArray;
  /** int32 "n copy" */
  readonly starts: NdArray;
}

/** How a token is written: its number; "^" for the one that begins a sequence. */
export function inductionToken(token: number): string {
  return token === beginToken ? "^" : String(token);
}

/** Tokens of a sequence: the beginning and the segments. */
export function sequenceLength({ copies, copyLength, slack }: InductionLayout): number {
  return 1 + copies * (copyLength + slack);
}

/** `count` sequences: all random tokens first, then all subsequences, then where the copies begin. */
export function drawInduction(
  layout: InductionLayout,
  rng: Pick<Rng, "randint">,
  count: number,
): InductionExamples {
  const { vocabulary, copies, copyLength, slack } = layout;
  const around = rng.randint(1, vocabulary, count * (sequenceLength(layout) - 1));
  const copied = rng.randint(1, vocabulary, count * copyLength);
  return sequences(layout, around, copied, rng.randint(0, slack + 1, count * copies));
}

/**
 * Sequences from random tokens "n pos" (without the beginning), subsequences "n token", and how many
 * tokens of its segment stand before each copy, "n copy".
 */
function sequences(
  layout: InductionLayout,
  around: Int32Array,
  copied: Int32Array,
  before: Int32Array,
): InductionExamples {
  const { copies, copyLength, slack } = layout;
  const length = sequenceLength(layout);
  const count = before.length / copies;
  const asked = (copies - 1) * (copyLength - 1);
  const tokens = new Int32Array(count * length).fill(beginToken);
  const starts = before.map((own, i) => 1 + (i % copies) * (copyLength + slack) + own);
  const [labels, places] = [new Int32Array(count * asked), new Int32Array(count * asked)];
  for (let row = 0; row < count; row++) {
    const own = copied.subarray(row * copyLength, (row + 1) * copyLength);
    tokens.set(around.subarray(row * (length - 1), (row + 1) * (length - 1)), row * length + 1);
    for (let copy = 0; copy < copies; copy++) {
      const start = starts[row * copies + copy] as number;
      tokens.set(own, row * length + start);
      if (copy === 0) continue;
      const at = row * asked + (copy - 1) * (copyLength - 1);
      labels.set(own.subarray(1), at);
      for (let i = 0; i < copyLength - 1; i++) places[at + i] = start + i;
    }
  }
  return {
    tokens: nd("int32", [count, length], tokens),
    labels: nd("int32", [count, asked], labels),
    places: nd("int32", [count, asked], places),
    starts: nd("int32", [count, copies], starts),
  };
}

/** So many ways to draw a sequence are still listed. */
const mostListed = 100_000;

function everySequence(layout: InductionParams): Examples {
  const { vocabulary, copies, copyLength, slack } = layout;
  const free = vocabulary - 1;
  const ways = free ** (copyLength + copies * slack) * (slack + 1) ** copies;
  if (ways > mostListed) {
    throw new InputError(
      `${name}: sequences are listed where there are at most ${mostListed} ways to draw one, got ${ways.toPrecision(3)}; draw some instead`,
    );
  }
  const length = sequenceLength(layout);
  const segment = copyLength + slack;
  const [around, copied, before]: [number[], number[], number[]] = [[], [], []];
  for (let way = 0; way < ways; way++) {
    let rest = way;
    const digit = (base: number): number => {
      const value = rest % base;
      rest = Math.floor(rest / base);
      return value;
    };
    const fillers = Array.from({ length: copies * slack }, () => 1 + digit(free));
    const own = Array.from({ length: copies }, () => digit(slack + 1));
    copied.push(...Array.from({ length: copyLength }, () => 1 + digit(free)));
    before.push(...own);
    for (let i = 0; i < length - 1; i++) {
      const inside = (i % segment) - (own[Math.floor(i / segment)] as number);
      around.push(inside >= 0 && inside < copyLength ? 1 : (fillers.shift() as number));
    }
  }
  const all = [around, copied, before].map((values) => Int32Array.from(values));
  return distinct(sequences(layout, ...(all as [Int32Array, Int32Array, Int32Array])));
}

/** The first of each kind among examples that have the same tokens and labels. */
function distinct({ tokens, labels, places }: InductionExamples): Examples {
  const rowOf = ({ shape, data }: NdArray, row: number): number[] => {
    const width = shape[1] as number;
    return [...data.subarray(row * width, (row + 1) * width)];
  };
  const seen = new Map<string, number>();
  for (let row = 0; row < (tokens.shape[0] as number); row++) {
    const key = [...rowOf(tokens, row), ...rowOf(labels, row)].join();
    if (!seen.has(key)) seen.set(key, row);
  }
  const rows = [...seen.values()];
  const pick = (array: NdArray): NdArray =>
    nd(
      "int32",
      [rows.length, array.shape[1] as number],
      rows.flatMap((row) => rowOf(array, row)),
    );
  return { tokens: pick(tokens), labels: pick(labels), places: pick(places) };
}
