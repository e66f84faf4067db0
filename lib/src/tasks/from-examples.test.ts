import { describe, expect, it } from "vitest";
import { TorchGenerator } from "../rng/index.ts";
import { taskFromExamples } from "./index.ts";

const tokens = [
  [0, 1],
  [1, 0],
  [1, 1],
  [0, 0],
];

describe("taskFromExamples", () => {
  it("deals out the examples, each to one part", () => {
    const task = taskFromExamples("xor", { tokens, labels: [1, 1, 0, 0] });
    const { train, test } = task.split(task.params.parse({}), new TorchGenerator(0));
    const rows = [train, test].flatMap(({ tokens: part, labels }) =>
      Array.from(labels.data, (label, i) => [...part.data.slice(2 * i, 2 * i + 2), label].join()),
    );
    expect(rows.sort()).toEqual(["0,0,0", "0,1,1", "1,0,1", "1,1,0"]);
    expect(train.labels.shape).toEqual([2]);
    const { dVocab, dVocabOut, nCtx } = task.vocabulary({ trainFraction: 0.5 });
    expect([task.labeled, dVocab, dVocabOut, nCtx]).toEqual(["last", 2, 2, 2]);
    const all = taskFromExamples(
      "copy",
      { tokens, labels: tokens },
      { dVocab: 5, label: (t) => `<${t}>` },
    );
    expect([all.labeled, all.vocabulary({ trainFraction: 0.5 }).dVocab]).toEqual(["all", 5]);
    expect(all.vocabulary({ trainFraction: 0.5 }).label(3)).toBe("<3>");
  });

  it.each<[object, object, string]>([
    [
      { tokens: [[0, 1], [1]], labels: [1, 1] },
      {},
      "x: tokens: rows must have the same length, 2 in the first, got another in row 1",
    ],
    [
      { tokens, labels: [1, 1, 0] },
      {},
      "x: labels must have shape [4] or [4,2] like the tokens, got [3]",
    ],
    [
      { tokens, labels: [1, 1, 0, -1] },
      {},
      "x: labels: must be whole numbers from 0 to 1000000, got -1 at 3",
    ],
    [
      { tokens: [[0, 1.5]], labels: [1] },
      {},
      "x: tokens: must be whole numbers from 0 to 1000000, got 1.5 at 1",
    ],
    [{ tokens: [0, 1], labels: [1, 1] }, {}, 'x: tokens must be sequences, "n pos", got shape [2]'],
    [
      { tokens: [0, [0, 1]], labels: [1, 1] },
      {},
      "x: tokens: every row must be a list where one is, got 0 in row 0",
    ],
    [{ tokens }, {}, "x: labels: must be a list or an array of numbers, got "],
    [{ tokens: [], labels: [] }, {}, "x: tokens: must not be empty"],
    [
      { tokens: [...tokens, [0, 1]], labels: [1, 1, 0, 0, 1] },
      {},
      "x: each sequence must occur once, got 0,1 twice",
    ],
    [
      { tokens, labels: [1, 1, 0, 0] },
      { dVocab: 1 },
      "x: tokens: the largest is 1, so the size must be at least 2, got 1",
    ],
  ])("refuses %j", (examples, options, message) => {
    expect(() => taskFromExamples("x", examples as never, options)).toThrow(message);
  });
});
