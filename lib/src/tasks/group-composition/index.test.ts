import { describe, expect, it } from "vitest";
import { TorchGenerator } from "../../rng/index.ts";
import { groupComposition } from "./index.ts";

const { params, vocabulary, examples, split } = groupComposition;

describe("group composition", () => {
  it("asks for a first, then b: in S4 (0 1 2 3)(1 2 3) takes 0 to 2", () => {
    const { tokens, labels } = examples(params.parse({}));
    expect(tokens.shape).toEqual([576, 3]);
    const { label } = vocabulary(params.parse({}));
    const row = 1 * 24 + 4;
    expect([...tokens.data.subarray(3 * row, 3 * row + 3)].map(label)).toEqual([
      "(0 1 2 3)",
      "(1 2 3)",
      "=",
    ]);
    const images = [0, 1, 2, 3].map((i) => [1, 2, 3, 0][i] as number).map((i) => [0, 2, 3, 1][i]);
    expect(images).toEqual([2, 3, 1, 0]);
    expect(label(labels.data[row] as number)).toBe("(0 2 1 3)");
  });

  it("is addition in a cyclic group", () => {
    const { labels } = examples(params.parse({ group: "C5" }));
    expect([...labels.data]).toEqual(
      Array.from({ length: 25 }, (_, i) => (Math.floor(i / 5) + (i % 5)) % 5),
    );
  });

  it("trains on the first int(f n²) entries of the permutation", () => {
    const { train, test } = split(params.parse({ trainFraction: 0.3 }), new TorchGenerator(1));
    expect([train.labels.data.length, test.labels.data.length]).toEqual([172, 404]);
    const first = new TorchGenerator(1).randperm(576)[0] as number;
    expect([...train.tokens.data.subarray(0, 3)]).toEqual([Math.floor(first / 24), first % 24, 24]);
  });

  it("says what a group is called", () => {
    const problem = params.safeParse({ group: "Q8" }).error?.issues[0]?.message;
    expect(problem).toBe(
      'must be C, D, S or A and a number, or several joined by x, like S4 or C2xS3, got "Q8"',
    );
  });
});
