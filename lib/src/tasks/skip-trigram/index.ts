/** Skip trigrams: the last token asks for a function of two tokens before it, or for nothing. */

import { z } from "zod";
import { type NdArray, nd } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";
import type { Examples, Task } from "../task.ts";

/** The number of tokens and of answers; noise may have the eleventh answer. */
export const skipTrigramTokens = 11;

/** Signal holds two numbers of 1 … 4; all other tokens before the last are 5 … 10. */
const numbers = 4;
const firstFiller = 5;

/** Parameters of `skipTrigram`. */
export type SkipTrigramParams = {
  readonly length: number;
  readonly oneIn: number;
  readonly trainCount: number;
  readonly testCount: number;
};

const params = z.object({
  length: z.int().min(3).max(64).default(4).meta({
    description: "Tokens of a sequence.",
    unit: "tokens",
  }),
  oneIn: z.int().min(1).default(2).meta({
    description: "One sequence in so many is signal; the others are noise.",
  }),
  trainCount: z.int().min(1).default(100_000).meta({ description: "Sequences to train on." }),
  testCount: z.int().min(1).default(1000).meta({ description: "Sequences to test on." }),
});

/**
 * Signal: `a … b 0` with a and b of 1 … 4 at the first place and the last but one, tokens 5 … 10
 * between; the label is the number of the unordered pair, 0 … 9. Noise: tokens 5 … 10 with a random
 * label 0 … 10, which nothing predicts. `examples` are all signal sequences, the first token slowest.
 */
export const skipTrigram: Task<SkipTrigramParams> = {
  name: "skip-trigram",
  title: "Skip trigrams with noise",
  source: { paper: "Notebook on skip trigrams with noise and one-hot embeddings", at: "cell 2" },
  params,
  labeled: "last",
  drawn: "independent",
  small: { trainCount: 200, testCount: 50 },
  vocabulary: ({ length }) => ({
    dVocab: skipTrigramTokens,
    dVocabOut: skipTrigramTokens,
    nCtx: length,
    label: String,
  }),
  examples: everySignal,
  split: (given, rng) => ({
    train: drawSkipTrigrams(given, rng, given.trainCount),
    test: drawSkipTrigrams(given, rng, given.testCount),
  }),
};

/** The answer to two numbers of 1 … 4 in either order: (1, 1) is 0, (1, 2) is 1, … (4, 4) is 9. */
export function answerOf(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  const before = ((low - 1) * (2 * numbers + 2 - low)) / 2;
  return before + high - low;
}

/** The ten pairs, in the order of their answers. */
export function answerPairs(): readonly (readonly [number, number])[] {
  return Array.from({ length: numbers }, (_, i) => i + 1).flatMap((a) =>
    Array.from({ length: numbers + 1 - a }, (_, i) => [a, a + i] as const),
  );
}

/** Sequences drawn one after the other, each as the notebook draws it. */
export function drawSkipTrigrams(
  { length, oneIn }: Pick<SkipTrigramParams, "length" | "oneIn">,
  rng: Pick<Rng, "randint">,
  count: number,
): Examples {
  const tokens = new Int32Array(count * length);
  const labels = new Int32Array(count);
  const one = (low: number, high: number): number => rng.randint(low, high, 1)[0] as number;
  for (let row = 0; row < count; row++) {
    const at = row * length;
    tokens.set(rng.randint(firstFiller, skipTrigramTokens, length), at);
    if (one(0, oneIn) === oneIn - 1) {
      const a = one(1, firstFiller);
      const b = one(1, firstFiller);
      tokens[at] = a;
      tokens[at + length - 2] = b;
      tokens[at + length - 1] = 0;
      labels[row] = answerOf(a, b);
    } else {
      labels[row] = one(0, skipTrigramTokens);
    }
  }
  return { tokens: nd("int32", [count, length], tokens), labels: nd("int32", [count], labels) };
}

/** Which sequences are signal: those that end in 0. */
export function isSignal({ shape, data }: NdArray): boolean[] {
  const [count, length] = shape as [number, number];
  return Array.from({ length: count }, (_, row) => data[(row + 1) * length - 1] === 0);
}

/** Rows of examples where `keep` is true. */
export function selectRows(
  { tokens, labels }: Pick<Examples, "tokens" | "labels">,
  keep: readonly boolean[],
): Examples {
  const length = tokens.shape[1] as number;
  const rows = keep.flatMap((kept, row) => (kept ? [row] : []));
  const picked = rows.flatMap((row) => [...tokens.data.subarray(row * length, (row + 1) * length)]);
  return {
    tokens: nd("int32", [rows.length, length], picked),
    labels: nd(
      "int32",
      [rows.length],
      rows.map((row) => labels.data[row] as number),
    ),
  };
}

function everySignal({ length }: SkipTrigramParams): Examples {
  const fillers = skipTrigramTokens - firstFiller;
  const between = length - 3;
  const perPair = fillers ** between;
  const count = numbers * numbers * perPair;
  const tokens = new Int32Array(count * length);
  const labels = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const a = 1 + Math.floor(row / (perPair * numbers));
    const b = 1 + (row % numbers);
    const middle = Math.floor(row / numbers) % perPair;
    const at = row * length;
    tokens[at] = a;
    for (let i = 0; i < between; i++) {
      const digit = Math.floor(middle / fillers ** (between - 1 - i)) % fillers;
      tokens[at + 1 + i] = firstFiller + digit;
    }
    tokens[at + length - 2] = b;
    labels[row] = answerOf(a, b);
  }
  return { tokens: nd("int32", [count, length], tokens), labels: nd("int32", [count], labels) };
}
