import { describe, expect, it } from "vitest";
import type { Study } from "../lab/index.ts";
import * as studies from "../studies/all.ts";
import { paramsOf } from "./params.ts";

const messageOf = (study: Study, ...set: string[]): string => {
  try {
    paramsOf(study, { set });
    return "nothing was refused";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("a parameter outside its rule", () => {
  const addition = studies.modularAddition as Study;
  it.each<[string[], string]>([
    [["p=1"], "modular-addition: p: must be at least 2, got 1"],
    [["p=1000"], "modular-addition: p: must be at most 997, got 1000"],
    [["p=1e308"], "modular-addition: p: must be at most 9007199254740991, got 1e308"],
    [["p=1.5"], "modular-addition: p: must be a whole number, got 1.5"],
    [["p="], "modular-addition: p: must be a finite number, got nothing"],
    [["lr=0"], "modular-addition: lr: must be more than 0, got 0"],
    [["lr=Infinity"], "modular-addition: lr: must be a finite number, got Infinity"],
    [["beta1=1"], "modular-addition: beta1: must be less than 1, got 1"],
    [
      ["trainFraction=1"],
      "modular-addition: trainFraction: must lie strictly between 0 and 1, got 1",
    ],
    [
      ["operation=a+c"],
      "modular-addition: operation: must be one of a+b, a-b, a*b, a/b, a^2+b^2, x^2+xy+y^2, got a+c",
    ],
    [["nHeads=3"], "modular-addition: nHeads: must divide dModel (128), as 2 does, got 3"],
    [["nHeads=7"], "modular-addition: nHeads: must divide dModel (128), as 8 does, got 7"],
    [["outputs=112"], "modular-addition: outputs: must be at least p, got 112"],
  ])("is named with the rule and what it got: %j", (set, message) => {
    expect(messageOf(addition, ...set)).toBe(message);
  });

  it("is refused for addition and groups, too, however large", () => {
    const digits = studies.addition as Study;
    expect(messageOf(digits, "nHeads=3")).toBe(
      "addition: nHeads: must divide dModel (512), as 2 does, got 3",
    );
    expect(messageOf(digits, "dModel=999999999989", "nHeads=5")).toBe(
      "addition: nHeads: must divide dModel (999999999989), as 1 does, got 5",
    );
    const groups = studies.groupComposition as Study;
    expect(messageOf(groups, "nHeads=6")).toBe(
      "group-composition: nHeads: must divide dModel (128), as 4 does, got 6",
    );
  });

  it("says only once what it got", () => {
    const groups = studies.groupComposition as Study;
    expect(messageOf(groups, "group=S9")).toBe(
      "group-composition: group: the number after S must lie in 2 … 6, got S9",
    );
  });

  it("is refused in the binary study, too", () => {
    const bitnet = studies.modularAdditionBitnet as Study;
    expect(messageOf(bitnet, "dModel=64", "nHeads=6")).toBe(
      "modular-addition-bitnet: nHeads: must divide dModel (64), as 4 does, got 6",
    );
  });
});
