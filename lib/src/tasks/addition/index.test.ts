import { describe, expect, it } from "vitest";
import { TorchGenerator } from "../../rng/index.ts";
import type { Examples } from "../task.ts";
import {
  addition,
  additionToken,
  casesOfDigits,
  casesOfQuestions,
  drawAdditions,
  longestCascades,
  perQuestion,
  questions,
  sumColumns,
} from "./index.ts";

const written = ({ tokens }: Examples, row: number): string => {
  const length = tokens.shape[1] as number;
  return [...tokens.data.subarray(row * length, (row + 1) * length)].map(additionToken).join("");
};

const ask = (x: string, y: string): Examples =>
  questions(x.length, Int32Array.from(x, Number), Int32Array.from(y, Number));

const count = (cases: readonly string[], name: string): number =>
  cases.filter((c) => c === name).length;

describe("addition", () => {
  it("adds, and asks each digit of the sum one position before it stands", () => {
    for (const digits of [2, 5, 10]) {
      const drawn = drawAdditions({ digits }, new TorchGenerator(digits), 200);
      const { tokens, labels, positions } = drawn;
      const length = 3 * digits + 3;
      expect(tokens.shape).toEqual([200, length]);
      for (let row = 0; row < 200; row++) {
        const [left = "", sum = ""] = written(drawn, row).split("=");
        const [x = "", y = ""] = left.split("+");
        expect(x.length).toBe(digits);
        expect(BigInt(x) + BigInt(y)).toBe(BigInt(sum));
        for (const [i, position] of (positions ?? []).entries()) {
          expect(labels.data[row * (digits + 1) + i]).toBe(
            tokens.data[row * length + position + 1],
          );
        }
      }
      expect(positions?.length).toBe(digits + 1);
    }
  });

  it("draws the notebook's batches: the first question, 3,000 batches' cases, batch 3,003", () => {
    const rng = new TorchGenerator(129000);
    const totals = { BaseAdd: 0, UseCarry1: 0, UseSum9: 0 };
    for (let step = 0; step < 3000; step++) {
      const batch = drawAdditions({ digits: 5 }, rng, 64);
      if (step === 0) expect(written(batch, 0)).toBe("50444+64571=115015");
      for (const name of casesOfDigits(sumColumns(batch))) totals[name] += 1;
    }
    expect(totals).toEqual({ BaseAdd: 585_762, UseCarry1: 336_460, UseSum9: 37_778 });
    const kinds = [1, 2, 3].map(() => {
      const batch = drawAdditions({ digits: 5 }, rng, 64);
      return { batch, kinds: casesOfQuestions(sumColumns(batch)) };
    });
    expect(
      kinds.map((k) => ["BaseAdd", "UseCarry1", "UseSum9"].map((name) => count(k.kinds, name))),
    ).toEqual([
      [5, 41, 18],
      [6, 43, 15],
      [9, 45, 10],
    ]);
    expect(written(kinds[2]?.batch as Examples, 0)).toBe("11899+84525=096424");
  });

  it("lists every question of few digits, and refuses to list more", () => {
    const all = addition.examples({ digits: 2, trainCount: 1, testCount: 1 });
    expect(all.tokens.shape).toEqual([10_000, 9]);
    expect(written(all, 0)).toBe("00+00=000");
    expect(written(all, 4709)).toBe("47+09=056");
    expect(() => addition.examples({ digits: 4, trainCount: 1, testCount: 1 })).toThrow(
      "addition: all questions are listed for at most 3 digits, got 4; draw some instead",
    );
  });

  it("splits into a train set and then a test set of one stream", () => {
    const { train, test } = addition.split(
      { digits: 3, trainCount: 20, testCount: 5 },
      new TorchGenerator(4),
    );
    const rng = new TorchGenerator(4);
    expect(train).toEqual(drawAdditions({ digits: 3 }, rng, 20));
    expect(test).toEqual(drawAdditions({ digits: 3 }, rng, 5));
    expect(addition.vocabulary({ digits: 3, trainCount: 1, testCount: 1 }).nCtx).toBe(12);
  });
});

describe("sumColumns", () => {
  it("says what each digit needs, of a question done by hand", () => {
    // 06553 + 13447 = 020000: 3+7 carries, 5+4 and 5+4 pass it on, 6+3 too, 0+1 takes it.
    const columns = sumColumns(ask("06553", "13447"));
    expect([...columns.baseAdd]).toEqual([1, 9, 9, 9, 10]);
    expect([...columns.makeCarry1]).toEqual([0, 1, 1, 1, 1]);
    expect([...columns.sum9]).toEqual([0, 1, 1, 1, 0]);
    expect([...columns.useCarry1]).toEqual([1, 1, 1, 1, 0]);
    expect([...columns.useSum9]).toEqual([0, 1, 1, 1, 0]);
    expect(casesOfDigits(columns)).toEqual([
      "UseCarry1",
      "UseSum9",
      "UseSum9",
      "UseSum9",
      "BaseAdd",
    ]);
    expect(casesOfQuestions(columns)).toEqual(["UseSum9"]);
    expect(longestCascades(columns)).toEqual([3]);
    expect(perQuestion(columns, columns.sum9)).toEqual([3]);
  });

  it("counts a nine only when a carry meets it, and the longest run of them", () => {
    expect(casesOfQuestions(sumColumns(ask("45454", "54545")))).toEqual(["BaseAdd"]);
    expect(longestCascades(sumColumns(ask("45454", "54545")))).toEqual([0]);
    expect(longestCascades(sumColumns(ask("99099", "00501")))).toEqual([1]);
    expect(longestCascades(sumColumns(ask("99999", "00001")))).toEqual([4]);
    expect(casesOfQuestions(sumColumns(ask("12345", "00007")))).toEqual(["UseCarry1"]);
  });

  it("agrees with adding the numbers, and puts every digit into exactly one case", () => {
    const digits = 6;
    const drawn = drawAdditions({ digits }, new TorchGenerator(0), 500);
    const columns = sumColumns(drawn);
    const cases = casesOfDigits(columns);
    expect(cases.length).toBe(500 * digits);
    for (let row = 0; row < 500; row++) {
      const [x = "", y = ""] = (written(drawn, row).split("=")[0] ?? "").split("+");
      for (let column = 0; column < digits; column++) {
        const below = 10 ** (digits - 1 - column);
        const carry = Math.floor(((Number(x) % below) + (Number(y) % below)) / below);
        const nine = Number(x[column]) + Number(y[column]) === 9;
        const expected = carry === 0 ? "BaseAdd" : nine ? "UseSum9" : "UseCarry1";
        expect(cases[row * digits + column]).toBe(expected);
      }
    }
  });
});
