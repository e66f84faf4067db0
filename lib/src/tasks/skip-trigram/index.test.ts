import { describe, expect, it } from "vitest";
import { TorchGenerator } from "../../rng/index.ts";
import {
  answerOf,
  answerPairs,
  drawSkipTrigrams,
  isSignal,
  selectRows,
  skipTrigram,
} from "./index.ts";

/** The notebook's map, as printed. */
const printed: [number, number, number][] = [
  [1, 1, 0],
  [1, 2, 1],
  [1, 3, 2],
  [1, 4, 3],
  [2, 2, 4],
  [2, 3, 5],
  [2, 4, 6],
  [3, 3, 7],
  [3, 4, 8],
  [4, 4, 9],
];

const defaults = skipTrigram.params.parse({});

describe("answerOf", () => {
  it("is the notebook's map, in either order", () => {
    for (const [a, b, answer] of printed) {
      expect(answerOf(a, b)).toBe(answer);
      expect(answerOf(b, a)).toBe(answer);
      expect(answerPairs()[answer]).toEqual([a, b]);
    }
  });
});

describe("skipTrigram", () => {
  it("draws the notebook's validation set: its label counts and its signal", () => {
    const { tokens, labels } = drawSkipTrigrams(defaults, new TorchGenerator(42), 1000);
    const counts = Array.from({ length: 11 }, (_, k) => labels.data.filter((y) => y === k).length);
    expect(counts).toEqual([85, 107, 99, 102, 78, 112, 111, 80, 107, 63, 56]);
    const signal = isSignal(tokens);
    expect(signal.filter(Boolean).length).toBe(499);
    const passed = signal.filter(
      (is, row) => !is && tokens.data[4 * row + 3] === labels.data[row],
    ).length;
    expect(passed).toBe(48);
  });

  it("labels signal by its two numbers, and leaves the rest to fillers", () => {
    const drawn = drawSkipTrigrams({ length: 6, oneIn: 3 }, new TorchGenerator(1), 3000);
    const signal = isSignal(drawn.tokens);
    expect(signal.filter(Boolean).length / 3000).toBeCloseTo(1 / 3, 1);
    for (const [row, is] of signal.entries()) {
      const x = drawn.tokens.data.subarray(6 * row, 6 * row + 6);
      if (is) expect(drawn.labels.data[row]).toBe(answerOf(x[0] as number, x[4] as number));
      const fillers = is ? x.subarray(1, 4) : x;
      expect(fillers.every((token) => token >= 5 && token <= 10)).toBe(true);
    }
  });

  it("selects signal and noise", () => {
    const drawn = drawSkipTrigrams(defaults, new TorchGenerator(3), 50);
    const signal = isSignal(drawn.tokens);
    const parts = [
      selectRows(drawn, signal),
      selectRows(
        drawn,
        signal.map((is) => !is),
      ),
    ] as const;
    expect(parts.map(({ labels }) => labels.data.length).reduce((a, b) => a + b)).toBe(50);
    expect(isSignal(parts[0].tokens).every(Boolean)).toBe(true);
    expect(isSignal(parts[1].tokens).some(Boolean)).toBe(false);
    const first = signal.indexOf(true);
    expect([...parts[0].tokens.data.subarray(0, 4)]).toEqual([
      ...drawn.tokens.data.subarray(4 * first, 4 * first + 4),
    ]);
    expect(parts[0].labels.data[0]).toBe(drawn.labels.data[first]);
  });

  it("lists every signal sequence once, with its answer", () => {
    const all = skipTrigram.examples({ ...defaults, length: 5 });
    expect(all.tokens.shape).toEqual([4 * 36 * 4, 5]);
    const rows = Array.from({ length: 576 }, (_, row) => [
      ...all.tokens.data.subarray(5 * row, 5 * row + 5),
    ]);
    expect(new Set(rows.map(String)).size).toBe(576);
    expect(rows.map(String)).toEqual(
      rows
        .toSorted((a, b) => {
          const i = a.findIndex((x, k) => x !== b[k]);
          return (a[i] as number) - (b[i] as number);
        })
        .map(String),
    );
    for (const [row, [a, , , b, last]] of rows.entries()) {
      expect(last).toBe(0);
      expect(all.labels.data[row]).toBe(answerOf(a as number, b as number));
    }
  });

  it("splits into as many as asked, from one stream", () => {
    const { train, test } = skipTrigram.split(
      { ...defaults, trainCount: 30, testCount: 7 },
      new TorchGenerator(9),
    );
    const rng = new TorchGenerator(9);
    expect(train).toEqual(drawSkipTrigrams(defaults, rng, 30));
    expect(test).toEqual(drawSkipTrigrams(defaults, rng, 7));
    expect(skipTrigram.vocabulary(defaults)).toMatchObject({ dVocab: 11, dVocabOut: 11, nCtx: 4 });
  });
});
