import { describe, expect, it } from "vitest";
import { NumpyGenerator, TorchGenerator } from "../../rng/index.ts";
import type { Examples } from "../task.ts";
import { forcedSplit, maxOfN, randomSequences } from "./index.ts";

const defaults = maxOfN.params.parse({});

const rowsOf = ({ tokens, labels }: Examples): number[][] =>
  Array.from(labels.data, (label, row) => {
    const width = tokens.shape[1] as number;
    return [...tokens.data.subarray(row * width, (row + 1) * width), label];
  });

describe("maxOfN", () => {
  it.each([2, 3, 4, 5])("lists all sequences of %i numbers with their largest", (n) => {
    const params = { ...defaults, n, vocab: 4 };
    const rows = rowsOf(maxOfN.examples(params));
    expect(rows.length).toBe(4 ** n);
    for (const [i, row] of rows.entries()) {
      const digits = [...i.toString(4).padStart(n, "0")].map(Number);
      expect(row).toEqual([...digits, 4, Math.max(...digits)]);
    }
  });

  it('leaves out "=" where the last number asks', () => {
    const params = { ...defaults, equals: false, vocab: 3 };
    expect(maxOfN.vocabulary(params)).toMatchObject({ dVocab: 3, dVocabOut: 3, nCtx: 2 });
    expect(rowsOf(maxOfN.examples(params))[5]).toEqual([1, 2, 2]);
  });

  it("splits as the notebook: 408 forced pairs to train on, in NumPy's order", () => {
    const { train, test } = forcedSplit(defaults, new NumpyGenerator(1914904320));
    expect([train.labels.data.length, test.labels.data.length]).toEqual([408, 3688]);
    expect(rowsOf(train).slice(0, 3)).toEqual([
      [0, 0, 64, 0],
      [57, 56, 64, 57],
      [28, 29, 64, 29],
    ]);
    expect(rowsOf(test).slice(0, 3)).toEqual([
      [40, 10, 64, 40],
      [42, 4, 64, 42],
      [3, 35, 64, 35],
    ]);
    const forced = ([a = 0, b = 0]: number[]) => [0, 1, 2, 17].includes(Math.abs(a - b));
    expect(rowsOf(train).every(forced)).toBe(true);
    expect(rowsOf(test).some(forced)).toBe(false);
  });

  it("puts sequences with a forced gap between the two largest first", () => {
    const params = { ...defaults, n: 3, vocab: 5, forcedGaps: [3], trainFraction: 0.2 };
    const { train } = forcedSplit(params, new TorchGenerator(1));
    const gap = (row: number[]): number => {
      const [first = 0, second = 0] = row.slice(0, 3).sort((a, b) => b - a);
      return first - second;
    };
    const all = rowsOf(maxOfN.examples(params)).filter((row) => gap(row) === 3).length;
    expect(all).toBeGreaterThan(0);
    expect(rowsOf(train).filter((row) => gap(row) === 3).length).toBe(Math.min(all, 25));
  });

  it("draws sequences number after number", () => {
    const { tokens, labels } = randomSequences(
      { n: 4, vocab: 64, equals: false },
      128,
      new TorchGenerator(3402695680),
    );
    const expected = new TorchGenerator(3402695680).randint(0, 64, 512);
    expect([...tokens.data]).toEqual([...expected]);
    expect(labels.data[5]).toBe(Math.max(...expected.subarray(20, 24)));
  });

  it("refuses to list more sequences than memory holds", () => {
    expect(() => maxOfN.examples({ ...defaults, n: 5 })).toThrow(
      "max-of-n: vocab^n must be at most 16777216 to list every sequence, got 64^5; vocab 27 fits",
    );
  });
});
