import { describe, expect, it } from "vitest";
import { curvesOf, firstStep, lastOf, valueAt } from "./curves.ts";
import {
  atDefaults,
  atLeast,
  atMost,
  between,
  equal,
  inCommon,
  within,
  withinShare,
} from "./judge.ts";
import { trainingSection } from "./report-training.ts";
import { count, list, number, percent } from "./words.ts";

const wording = { id: "x", text: "a number", source: { paper: "somewhere" } };

describe("claims", () => {
  it("hold inside their tolerance and not outside", () => {
    expect(within(wording, 1, 0.1, 1.09)).toMatchObject({ holds: true, measured: 1.09 });
    expect(within(wording, 1, 0.1, 1.11).holds).toBe(false);
    expect(withinShare(wording, 200, 0.01, 198.1, "why").holds).toBe(true);
    expect(withinShare(wording, 200, 0.01, 197.9, "why").holds).toBe(false);
    expect(withinShare(wording, 200, 0.01, 200, "why").tolerance).toBe("within 1 %: why");
    expect([atMost(wording, 2, 2), atMost(wording, 2, 2.1)].map((c) => c.holds)).toEqual([
      true,
      false,
    ]);
    expect([atLeast(wording, 2, 2), atLeast(wording, 2, 1.9)].map((c) => c.holds)).toEqual([
      true,
      false,
    ]);
    expect(between(wording, [8, 9.5], 9).holds).toBe(true);
    expect(between(wording, [8, 9.5], 7.9).holds).toBe(false);
    expect(equal(wording, [1, 2], [1, 2]).holds).toBe(true);
    expect(equal(wording, [1, 2], [2, 1]).holds).toBe(false);
    expect(inCommon(wording, [5, 12, 30], 2, [30, 2, 5], "why").holds).toBe(true);
    expect(inCommon(wording, [5, 12, 30], 2, [30, 2, 6], "why").holds).toBe(false);
  });

  it("do not hold for a number that was never measured", () => {
    expect(within(wording, 1, 0.1, Number.NaN).holds).toBe(false);
    expect(withinShare(wording, 1, 0.1, Number.NaN, "why").holds).toBe(false);
    expect(atMost(wording, 1, Number.NaN).holds).toBe(false);
    expect(atLeast(wording, 1, Number.NaN).holds).toBe(false);
    expect(between(wording, [0, 1], Number.NaN).holds).toBe(false);
  });

  it("are only made for the setting they were published for", () => {
    expect(atDefaults({ p: 113, lr: 1 }, { p: 113, lr: 2 }, ["p"])).toBe(true);
    expect(atDefaults({ p: 113, lr: 1 }, { p: 113, lr: 2 }, ["p", "lr"])).toBe(false);
  });
});

const row = (step: number, testLoss: number, accuracy: number) => ({
  step,
  trainLoss: testLoss / 10,
  testLoss,
  trainAccuracy: accuracy,
  testAccuracy: accuracy / 2,
});

describe("curves", () => {
  const curves = curvesOf([row(0, 5, 0), row(10, 20, 1), row(20, 2, 1)]);

  it("give the value at a step that was logged", () => {
    expect(valueAt(curves, "testLoss", 10)).toBe(20);
    expect(valueAt(curves, "testLoss", 11)).toBeUndefined();
  });

  it("find the first step at which something holds", () => {
    expect(firstStep(curves, "trainAccuracy", (value) => value >= 1)).toBe(10);
    expect(firstStep(curves, "testLoss", (value) => value < 1)).toBeUndefined();
    expect(lastOf(curves.testLoss)).toBe(2);
    expect(lastOf([])).toBeNaN();
  });

  it("become a section that says what happened", () => {
    const { prose, figures } = trainingSection(curves, 113);
    expect(prose[0]).toContain("By step 10 it answers the training pairs.");
    expect(prose[0]).toContain("20 nats, above the 4.73 of guessing among 113 answers");
    expect(prose[0]).toContain("has not grokked by the last step, 20: test accuracy is 50 %");
    expect(figures.map(({ id }) => id)).toEqual(["loss", "accuracy"]);
  });
});

describe("words", () => {
  it("write numbers as a reader wants them", () => {
    expect([0, 0.12345, 1234.5, 3.52e-7, 123456].map(number)).toEqual([
      "0",
      "0.123",
      "1230",
      "3.52e-7",
      "1.23e+5",
    ]);
    expect(number(Number.NaN)).toBe("none");
    expect(count(16000)).toBe("16,000");
    expect(percent(0.97345)).toBe("97.3 %");
    expect([list([]), list([5]), list([5, 12, 30])]).toEqual(["none", "5", "5, 12 and 30"]);
  });
});
