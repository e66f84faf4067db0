/** Arithmetic modulo p: two numbers and "=", the result is asked at the last position. */

import { z } from "zod";
import { InputError, UnknownNameError } from "../../core/errors.ts";
import { nd } from "../../core/nd.ts";
import { splitExamples } from "../split.ts";
import type { Examples, Task } from "../task.ts";
import { type Operation, type OperationName, operations } from "./operations.ts";
import { isPrime, nearestPrime } from "./primes.ts";

const name = "modular-arithmetic";
const operationNames = Object.keys(operations) as [OperationName, ...OperationName[]];

/** Largest p: its examples then hold 270 MB. */
const LARGEST_P = 4096;

/** Parameters of `modularArithmetic`. */
export type ModularArithmeticParams = {
  readonly p: number;
  readonly operation: OperationName;
  readonly trainFraction: number;
};

const params = z.object({
  p: z.int().min(2).max(LARGEST_P).default(113).meta({
    description: "Modulus; the numbers are 0 … p-1. Must be prime when the operation divides.",
  }),
  operation: z.enum(operationNames).default("a+b").meta({
    description: "What is computed modulo p from the two numbers.",
  }),
  trainFraction: z.number().gt(0).lt(1).default(0.3).meta({
    description: "Share of all examples to train on; the others are the test set.",
    unit: "fraction",
  }),
});

/**
 * Tokens "n pos" are [a, b, p], where token p reads "="; labels "n" are the result modulo p. Examples
 * are all pairs in row-major order: a = 0 … p-1, and for each a, b = 0 … p-1. For "a/b" b runs over
 * 1 … p-1, since 0 has no inverse: p (p-1) examples instead of p².
 */
export const modularArithmetic: Task<ModularArithmeticParams> = {
  name,
  title: "Arithmetic modulo p",
  source: {
    paper: "Power et al. 2022, Grokking (operations); Nanda et al. 2023 (tokens a, b, =)",
    at: "appendix A.1; section 3",
    url: "https://arxiv.org/abs/2201.02177",
  },
  params,
  labeled: "last",
  drawn: "partition",
  small: {},
  vocabulary(given) {
    checkedOperation(given);
    const { p } = given;
    return {
      dVocab: p + 1,
      dVocabOut: p,
      nCtx: 3,
      label: (token) => (token === p ? "=" : String(token)),
    };
  },
  examples: (given) => allPairs(given.p, checkedOperation(given)),
  split(given, rng) {
    const examples = allPairs(given.p, checkedOperation(given));
    const order = rng.randperm(examples.labels.data.length);
    return splitExamples(name, examples, order, given.trainFraction);
  },
};

function allPairs(p: number, { compute, divides }: Operation): Examples {
  const firstB = divides ? 1 : 0;
  const perA = p - firstB;
  const count = p * perA;
  const tokens = new Int32Array(count * 3);
  const labels = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const a = Math.floor(row / perA);
    const b = firstB + (row % perA);
    tokens.set([a, b, p], 3 * row);
    labels[row] = ((compute(a, b, p) % p) + p) % p;
  }
  return { tokens: nd("int32", [count, 3], tokens), labels: nd("int32", [count], labels) };
}

/** The operation asked for, once p fits it. */
function checkedOperation({ p, operation }: ModularArithmeticParams): Operation {
  if (!Object.hasOwn(operations, operation)) {
    throw new UnknownNameError(name, "operation", operation, operationNames);
  }
  if (!(Number.isInteger(p) && p >= 2 && p <= LARGEST_P)) {
    throw new InputError(`${name}: p must be an integer from 2 to ${LARGEST_P}, got ${p}`);
  }
  const chosen: Operation = operations[operation];
  if (chosen.divides && !isPrime(p)) {
    throw new InputError(
      `${name}: "${operation}" needs a prime p, got ${p}; the nearest prime is ${nearestPrime(p)}`,
    );
  }
  return chosen;
}
