import { describe, expect, it } from "vitest";
import { InputError } from "./errors.ts";
import { checkIndices } from "./indices.ts";

describe("checkIndices", () => {
  const check =
    (data: readonly number[], size = 4) =>
    () =>
      checkIndices("train", "labels", { shape: [2, 2], data }, size);

  it("accepts whole numbers below the size", () => {
    expect(check([0, 1, 2, 3])).not.toThrow();
    expect(check([0, 1, 2, 1e9], Number.POSITIVE_INFINITY)).not.toThrow();
  });

  it.each([
    [[0, 4, 0, 0], "train: labels must be whole numbers in [0, 4), got 4 at [0,1]"],
    [[0, 0, -1, 0], "got -1 at [1,0]"],
    [[0, 0, 0, 1.5], "got 1.5 at [1,1]"],
    [[Number.NaN, 0, 0, 0], "got NaN at [0,0]"],
    [
      [0, -100, 0, 0],
      "got -100 at [0,1]; -100 is not skipped as in PyTorch, so leave those positions out",
    ],
  ])("refuses %s", (data, message) => {
    expect(check(data)).toThrow(InputError);
    expect(check(data)).toThrow(message);
  });

  it("refuses fractions where there is no size", () => {
    const open = check([0, 0, 0, 0.5], Number.POSITIVE_INFINITY);
    expect(open).toThrow("train: labels must be whole numbers of at least 0, got 0.5 at [1,1]");
  });
});
