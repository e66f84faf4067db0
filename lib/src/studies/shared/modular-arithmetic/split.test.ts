import { describe, expect, it } from "vitest";
import { modularAdditionParams } from "../../modular-addition/params.ts";
import { allPairs, modularSplit, pairIndices } from "./split.ts";

const paramsOf = (changes: object = {}) => modularAdditionParams.parse(changes);

describe("the split", () => {
  it("is a partition of all pairs, with either generator", () => {
    for (const splitGenerator of ["torch", "python"] as const) {
      const { train, test } = modularSplit(paramsOf({ p: 11, splitGenerator }));
      const seen = [...pairIndices(train, 11), ...pairIndices(test, 11)];
      expect(seen.sort((a, b) => a - b)).toEqual([...Array(121).keys()]);
      expect(train.labels.data.length).toBe(36);
    }
  });

  it("of Python's generator is another one", () => {
    const first = (splitGenerator: "torch" | "python") =>
      pairIndices(modularSplit(paramsOf({ splitGenerator })).train, 113)[0];
    expect(first("python")).not.toBe(first("torch"));
  });

  it("refuses a fraction that leaves one part empty", () => {
    expect(() =>
      modularSplit(paramsOf({ p: 2, trainFraction: 0.1, splitGenerator: "python" })),
    ).toThrow("trainFraction: must leave both train and test examples, got 0.1");
    expect(() => paramsOf({ trainFraction: 1 })).toThrow();
  });

  it("lists pairs in the order of their index", () => {
    expect([...allPairs(3).data.subarray(0, 12)]).toEqual([0, 0, 3, 0, 1, 3, 0, 2, 3, 1, 0, 3]);
  });
});
