/** The largest of n numbers, asked at the last position. */

import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { nd } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";
import { splitExamples } from "../split.ts";
import type { Examples, Split, Task } from "../task.ts";

const name = "max-of-n";

/** Most sequences that are ever listed: 64^4, whose tokens hold 268 MB. */
const mostSequences = 2 ** 24;

/** Parameters of `maxOfN`. */
export type MaxOfNParams = {
  readonly n: number;
  readonly vocab: number;
  readonly equals: boolean;
  readonly forcedGaps: readonly number[];
  readonly trainFraction: number;
};

const params = z.object({
  n: z.int().min(2).max(5).default(2).meta({ description: "How many numbers." }),
  vocab: z.int().min(2).max(1024).default(64).meta({
    description: "How many different numbers: they are 0 … vocab-1.",
  }),
  equals: z.boolean().default(true).meta({
    description: 'End every sequence with "=" (token vocab); otherwise the last number asks.',
  }),
  forcedGaps: z.array(z.int().min(0)).default([0, 1, 2, 17]).meta({
    description:
      "Sequences whose largest two numbers differ by one of these come first when drawing what to train on.",
  }),
  trainFraction: z.number().gt(0).lt(1).default(0.099609375).meta({
    description:
      "Share of all sequences to train on; 0.099609375 of 64² is exactly the forced ones.",
    unit: "fraction",
  }),
});

/**
 * Tokens "n pos" are the numbers and, with `equals`, the token `vocab`. Examples are all vocab^n
 * sequences, the first number slowest. Throws `InputError` for more than 2^24 of them.
 */
export const maxOfN: Task<MaxOfNParams> = {
  name,
  title: "The largest of n numbers",
  source: {
    paper:
      "Gross et al. 2024, Compact proofs of model performance via mechanistic interpretability",
    at: "section 3; forced gaps as in Gross's notebook on grokking max of two",
    url: "https://arxiv.org/abs/2406.11779",
  },
  params,
  labeled: "last",
  drawn: "partition",
  small: {},
  vocabulary: ({ n, vocab, equals }) => ({
    dVocab: equals ? vocab + 1 : vocab,
    dVocabOut: vocab,
    nCtx: equals ? n + 1 : n,
    label: (token) => (token === vocab ? "=" : String(token)),
  }),
  examples: allSequences,
  split: forcedSplit,
};

/**
 * The notebook's split: all sequences shuffled, those with a forced gap moved to the front, cut at
 * int(count · trainFraction), and each part shuffled again. With `NumpyGenerator(1914904320)` and
 * the defaults, the notebook's own.
 */
export function forcedSplit(given: MaxOfNParams, rng: Pick<Rng, "randperm">): Split {
  const examples = allSequences(given);
  const { tokens, labels } = examples;
  const width = tokens.shape[1] as number;
  const shuffled = Array.from(rng.randperm(labels.data.length));
  const forced = shuffled.map((row) => {
    const sequence = tokens.data.subarray(row * width, row * width + given.n);
    return given.forcedGaps.includes(topGap(sequence));
  });
  const ordered = [
    ...shuffled.filter((_, i) => forced[i]),
    ...shuffled.filter((_, i) => !forced[i]),
  ];
  const count = Math.trunc(ordered.length * given.trainFraction);
  const again = (part: readonly number[]): number[] =>
    Array.from(rng.randperm(part.length), (i) => part[i] as number);
  const order = [...again(ordered.slice(0, count)), ...again(ordered.slice(count))];
  return splitExamples(name, examples, order, given.trainFraction);
}

/** Sequences of numbers drawn by `rng`, one number after the other, with their labels. */
export function randomSequences(
  { n, vocab, equals }: Pick<MaxOfNParams, "n" | "vocab" | "equals">,
  count: number,
  rng: Pick<Rng, "randint">,
): Examples {
  const drawn = rng.randint(0, vocab, count * n);
  return labeled(n, vocab, equals, count, (row, pos) => drawn[row * n + pos] as number);
}

function allSequences({ n, vocab, equals }: MaxOfNParams): Examples {
  const count = vocab ** n;
  if (count > mostSequences) {
    throw new InputError(
      `${name}: vocab^n must be at most ${mostSequences} to list every sequence, got ${vocab}^${n}; vocab ${Math.floor(mostSequences ** (1 / n))} fits`,
    );
  }
  const digit = (row: number, pos: number): number =>
    Math.floor(row / vocab ** (n - 1 - pos)) % vocab;
  return labeled(n, vocab, equals, count, digit);
}

function labeled(
  n: number,
  vocab: number,
  equals: boolean,
  count: number,
  digit: (row: number, pos: number) => number,
): Examples {
  const width = equals ? n + 1 : n;
  const tokens = new Int32Array(count * width).fill(vocab);
  const labels = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    let largest = 0;
    for (let pos = 0; pos < n; pos++) {
      const token = digit(row, pos);
      tokens[row * width + pos] = token;
      if (token > largest) largest = token;
    }
    labels[row] = largest;
  }
  return { tokens: nd("int32", [count, width], tokens), labels: nd("int32", [count], labels) };
}

/** Largest number less the second largest; 0 when the largest occurs twice. */
function topGap(sequence: ArrayLike<number>): number {
  const [first = 0, second = 0] = Array.from(sequence).sort((a, b) => b - a);
  return first - second;
}
