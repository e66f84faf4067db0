import { describe, expect, it } from "vitest";
import { InputError, MissingError, nearestNames, ShapeError, UnknownNameError } from "./errors.ts";

describe("errors a user can cause", () => {
  it("are all InputErrors that carry their own name", () => {
    const errors = [
      new InputError("x"),
      new ShapeError("x", [1], [2]),
      new UnknownNameError("x", "thing", "a", ["b"]),
      new MissingError("x"),
    ];
    expect(errors.map((error) => error instanceof InputError)).toEqual([true, true, true, true]);
    expect(errors.map((error) => error.name)).toEqual([
      "InputError",
      "ShapeError",
      "UnknownNameError",
      "MissingError",
    ]);
  });

  it("say both shapes, with ? for a size that may be anything", () => {
    const error = new ShapeError('pattern "head dest src"', [-1, 3, 3], [2, 3, 4]);
    expect(error.message).toBe('pattern "head dest src": expected [?,3,3], got [2,3,4]');
    expect(error.expected).toEqual([-1, 3, 3]);
    expect(error.got).toEqual([2, 3, 4]);
  });

  it("offer the nearest names for an unknown one", () => {
    const valid = ["modular-addition", "group-composition", "modular-addition-bitnet"];
    const error = new UnknownNameError("run", "study", "modular-adition", valid);
    expect(error.message).toBe(
      'run: unknown study "modular-adition"; did you mean modular-addition, modular-addition-bitnet, group-composition?',
    );
    expect(error.nearest[0]).toBe("modular-addition");
  });

  it("say so when there is no name to offer", () => {
    expect(new UnknownNameError("list", "run", "a", []).message).toBe(
      'list: unknown run "a"; did you mean none?',
    );
  });
});

describe("nearestNames", () => {
  it("orders by edit distance, ignoring case", () => {
    expect(nearestNames("HOOK_Q", ["hook_k", "hook_q", "hook_pattern"])).toEqual([
      "hook_q",
      "hook_k",
      "hook_pattern",
    ]);
  });

  it("counts insertions, deletions and substitutions alike", () => {
    expect(nearestNames("abc", ["abcdef", "ab", "xyz"], 2)).toEqual(["ab", "abcdef"]);
    expect(nearestNames("", ["abc", "a"], 1)).toEqual(["a"]);
  });
});
