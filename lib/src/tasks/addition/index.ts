/** Addition of two n-digit numbers, written out: x + y = z. */

import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { nd } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";
import type { Examples, Task } from "../task.ts";

export {
  casesOfDigits,
  casesOfQuestions,
  type DigitCase,
  digitCases,
  longestCascades,
  perQuestion,
  type SumColumns,
  sumColumns,
} from "./columns.ts";

const name = "addition";
const plus = 10;
const equals = 11;

/** All questions are only listed up to so many digits: 10^6 of them. */
const mostListed = 3;

/** Parameters of `addition`. */
export type AdditionParams = {
  readonly digits: number;
  readonly trainCount: number;
  readonly testCount: number;
};

const params = z.object({
  digits: z.int().min(2).max(10).default(5).meta({
    description: "Digits of each number; the sum has one more.",
    unit: "digits",
  }),
  trainCount: z.int().min(1).default(750).meta({ description: "Questions to train on." }),
  testCount: z.int().min(1).default(64).meta({ description: "Questions to test on." }),
});

/**
 * Tokens "n pos" are the digits of x, "+" (10), the digits of y, "=" (11) and the digits of the sum,
 * most significant first. Labels "n pos" are the digits of the sum, each asked one position before it
 * stands. `examples` are all questions, x slowest; `split` draws train and then test questions.
 */
export const addition: Task<AdditionParams> = {
  name,
  title: "Addition, digit by digit",
  source: {
    paper: "Quirke and Barez 2023, Understanding addition in transformers",
    at: "data_generator of its first notebook",
    url: "https://arxiv.org/abs/2310.13121",
  },
  params,
  labeled: "some",
  drawn: "independent",
  small: { digits: 2, trainCount: 60, testCount: 20 },
  vocabulary: ({ digits }) => ({
    dVocab: 12,
    dVocabOut: 12,
    nCtx: 3 * digits + 3,
    label: additionToken,
  }),
  examples({ digits }) {
    if (digits > mostListed) {
      throw new InputError(
        `${name}: all questions are listed for at most ${mostListed} digits, got ${digits}; draw some instead`,
      );
    }
    const size = 10 ** digits;
    const digitsOf = (value: (i: number) => number): Int32Array =>
      Int32Array.from({ length: size * size * digits }, (_, i) => {
        const place = digits - 1 - (i % digits);
        return Math.floor(value(Math.floor(i / digits)) / 10 ** place) % 10;
      });
    return questions(
      digits,
      digitsOf((i) => Math.floor(i / size)),
      digitsOf((i) => i % size),
    );
  },
  split: (given, rng) => ({
    train: drawAdditions(given, rng, given.trainCount),
    test: drawAdditions(given, rng, given.testCount),
  }),
};

/** How a token is written: "0" … "9", "+", "=". */
export function additionToken(token: number): string {
  return token === plus ? "+" : token === equals ? "=" : String(token);
}

/** `count` questions: all digits of all x, then of all y, as the notebook draws a batch. */
export function drawAdditions(
  { digits }: Pick<AdditionParams, "digits">,
  rng: Pick<Rng, "randint">,
  count: number,
): Examples {
  const x = rng.randint(0, 10, count * digits);
  return questions(digits, x, rng.randint(0, 10, count * digits));
}

/** Questions from the digits of x and of y, "n digit". */
export function questions(digits: number, x: Int32Array, y: Int32Array): Examples {
  const count = x.length / digits;
  const length = 3 * digits + 3;
  const tokens = new Int32Array(count * length);
  const labels = new Int32Array(count * (digits + 1));
  for (let row = 0; row < count; row++) {
    const own = (numbers: Int32Array): Int32Array =>
      numbers.subarray(row * digits, (row + 1) * digits);
    const sum = sumOf(own(x), own(y));
    tokens.set([...own(x), plus, ...own(y), equals, ...sum], row * length);
    labels.set(sum, row * (digits + 1));
  }
  return {
    tokens: nd("int32", [count, length], tokens),
    labels: nd("int32", [count, digits + 1], labels),
    positions: answerPositions(digits),
  };
}

/** The positions whose next token is a digit of the sum. */
export function answerPositions(digits: number): readonly number[] {
  return Array.from({ length: digits + 1 }, (_, i) => 2 * digits + 1 + i);
}

function sumOf(x: Int32Array, y: Int32Array): Int32Array {
  const sum = new Int32Array(x.length + 1);
  let carry = 0;
  for (let i = x.length - 1; i >= 0; i--) {
    const total = (x[i] as number) + (y[i] as number) + carry;
    sum[i + 1] = total % 10;
    carry = Math.floor(total / 10);
  }
  sum[0] = carry;
  return sum;
}
