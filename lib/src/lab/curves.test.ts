import { describe, expect, it } from "vitest";
import { curvesOf, curvesUpTo, firstStep, lastOf, valueAt } from "./curves.ts";

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

  it("end at a step, that step included", () => {
    expect(curvesUpTo(curves, 10).step).toEqual([0, 10]);
    expect(curvesUpTo(curves, 9).testLoss).toEqual([5]);
  });
});
