import { describe, expect, it } from "vitest";
import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import type { Examples } from "../task.ts";
import { type ModularArithmeticParams, modularArithmetic } from "./index.ts";
import { isPrime, nearestPrime } from "./primes.ts";

const task = modularArithmetic;

function rows({ data, shape }: NdArray): number[][] {
  const width = shape[1] ?? 1;
  return Array.from({ length: shape[0]! }, (_, i) => [...data.slice(i * width, (i + 1) * width)]);
}

function pairs({ tokens }: Examples): string[] {
  return rows(tokens).map(([a, b]) => `${a},${b}`);
}

describe("labels", () => {
  const big =
    (f: (a: bigint, b: bigint) => bigint) => (a: number, b: number, label: number, p: number) =>
      (f(BigInt(a), BigInt(b)) - BigInt(label)) % BigInt(p) === 0n;
  /** Whether `label` solves the congruence; division asks label · b = a. */
  const solves = {
    "a+b": big((a, b) => a + b),
    "a-b": big((a, b) => a - b),
    "a*b": big((a, b) => a * b),
    "a/b": (a: number, b: number, label: number, p: number) => (label * b - a) % p === 0,
    "a^2+b^2": big((a, b) => a ** 2n + b ** 2n),
    "x^2+xy+y^2": big((x, y) => x ** 2n + x * y + y ** 2n),
  } satisfies Record<ModularArithmeticParams["operation"], unknown>;

  for (const operation of Object.keys(solves) as (keyof typeof solves)[]) {
    const moduli = operation === "a/b" ? [2, 3, 7, 59] : [2, 3, 6, 12, 59];
    it.each(moduli)(`solve the congruence of ${operation} modulo %i, all pairs once`, (p) => {
      const { tokens, labels } = task.examples({ p, operation, trainFraction: 0.5 });
      const firstB = operation === "a/b" ? 1 : 0;
      let row = 0;
      for (let a = 0; a < p; a++) {
        for (let b = firstB; b < p; b++, row++) {
          expect([...tokens.data.slice(3 * row, 3 * row + 3)]).toEqual([a, b, p]);
          const label = labels.data[row]!;
          expect(label >= 0 && label < p && solves[operation](a, b, label, p), `${a} ${b}`).toBe(
            true,
          );
        }
      }
      expect(labels.shape).toEqual([row]);
      expect(tokens.shape).toEqual([row, 3]);
    });
  }
});

describe("split", () => {
  const given = { p: 113, operation: "a+b", trainFraction: 0.3 } as const;

  it("of PyTorch's seed 598 is the one the grokking notebook prints", () => {
    const { train, test } = task.split(given, new TorchGenerator(598));
    expect(train.tokens.shape).toEqual([3830, 3]);
    expect(test.tokens.shape).toEqual([8939, 3]);
    expect(rows(train.tokens).slice(0, 5)).toEqual([
      [21, 31, 113],
      [30, 98, 113],
      [47, 10, 113],
      [86, 21, 113],
      [99, 83, 113],
    ]);
    expect([...train.labels.data.slice(0, 5)]).toEqual([52, 15, 57, 107, 69]);
    expect(pairs(test).slice(0, 5)).toEqual(["43,40", "31,42", "39,63", "35,61", "112,102"]);
    expect([...test.labels.data.slice(0, 5)]).toEqual([83, 73, 102, 96, 101]);
  });

  it("is disjoint and leaves nothing out", () => {
    const { train, test } = task.split(given, new TorchGenerator(1));
    const all = [...pairs(train), ...pairs(test)];
    expect(new Set(all).size).toBe(113 * 113);
    expect(all).toHaveLength(113 * 113);
  });

  it("is the same for the same seed and another for another", () => {
    const split = (seed: number) => task.split(given, new TorchGenerator(seed));
    expect(split(5)).toEqual(split(5));
    expect(split(5).train.tokens.data).not.toEqual(split(6).train.tokens.data);
  });

  it("keeps each label with its pair", () => {
    const { train } = task.split({ ...given, operation: "a/b" }, new TorchGenerator(2));
    for (const [i, [a, b]] of rows(train.tokens).entries()) {
      expect((train.labels.data[i]! * b! - a!) % 113).toBe(0);
    }
  });
});

describe("vocabulary and parameters", () => {
  it("has p + 1 tokens, the last of which reads =", () => {
    const words = task.vocabulary({ p: 7, operation: "a+b", trainFraction: 0.5 });
    expect([words.dVocab, words.dVocabOut, words.nCtx]).toEqual([8, 7, 3]);
    expect([words.label(0), words.label(6), words.label(7)]).toEqual(["0", "6", "="]);
  });

  it("defaults to addition modulo 113 on 30 % of the pairs", () => {
    expect(task.params.parse({})).toEqual({ p: 113, operation: "a+b", trainFraction: 0.3 });
  });

  it.each([
    { p: 1 },
    { p: 2.5 },
    { p: 5000 },
    { operation: "a%b" },
    { trainFraction: 0 },
    { trainFraction: 1 },
  ])("the schema refuses %o", (given) => expect(task.params.safeParse(given).success).toBe(false));
});

describe("wrong parameters", () => {
  const messages: readonly (readonly [
    Partial<Record<keyof ModularArithmeticParams, unknown>>,
    string,
  ])[] = [
    [
      { operation: "a/b", p: 112 },
      'modular-arithmetic: "a/b" needs a prime p, got 112; the nearest prime is 113',
    ],
    [{ p: 1 }, "modular-arithmetic: p must be an integer from 2 to 4096, got 1"],
    [
      { operation: "a%b" },
      'modular-arithmetic: unknown operation "a%b"; did you mean a+b, a-b, a*b?',
    ],
    [
      { trainFraction: 1 },
      "modular-arithmetic: trainFraction must be between 0 and 1, both excluded, got 1",
    ],
    [
      { p: 2, trainFraction: 0.1 },
      "modular-arithmetic: trainFraction 0.1 of 4 examples leaves none to train on; it must be at least 1/4",
    ],
  ];
  it.each(messages)("%o is one sentence", (change, message) => {
    const given = { p: 113, operation: "a+b", trainFraction: 0.3, ...change };
    const act = () => task.split(given as ModularArithmeticParams, new TorchGenerator(0));
    expect(act).toThrow(InputError);
    expect(act).toThrow(message);
  });

  it("offers the nearest prime, the smaller of two", () => {
    expect([2, 4, 9, 112, 120, 1000].map(nearestPrime)).toEqual([2, 3, 7, 113, 113, 997]);
    const primes = Array.from({ length: 40 }, (_, n) => n).filter(isPrime);
    expect(primes).toEqual([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]);
  });
});
