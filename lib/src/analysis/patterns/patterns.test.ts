import { describe, expect, it } from "vitest";
import { float64 } from "../linalg/index.ts";
import { noise } from "../testing/numbers.ts";
import { attentionMaps, lastPositionAttention, meanAttention } from "./index.ts";

/** batch head src = 4 2 3, p = 2: value 100 input + 10 head + src. */
const attention = float64(
  [4, 2, 3],
  Float64Array.from({ length: 24 }, (_, at) => {
    return 100 * Math.floor(at / 6) + 10 * (Math.floor(at / 3) % 2) + (at % 3);
  }),
);

describe("attention", () => {
  it("takes the rows of the last position from a whole pattern", () => {
    const pattern = noise([2, 3, 4, 5], 1);
    const last = lastPositionAttention(pattern);
    expect(last.shape).toEqual([2, 3, 5]);
    expect(last.data[(1 * 3 + 2) * 5 + 4]).toBe(pattern.data[((1 * 3 + 2) * 4 + 3) * 5 + 4]);
    expect(last.data[0]).toBe(pattern.data[3 * 5]);
  });

  it("averages over inputs per head and source", () => {
    expect(meanAttention(attention).shape).toEqual([2, 3]);
    expect([...meanAttention(attention).data]).toEqual([150, 151, 152, 160, 161, 162]);
  });

  it("draws the attention to one source over (x, y), one picture per head", () => {
    const maps = attentionMaps(attention, 2, 1);
    expect(maps.shape).toEqual([2, 2, 2]);
    expect([...maps.data]).toEqual([1, 101, 201, 301, 11, 111, 211, 311]);
  });

  it("refuses a source position or a modulus that does not fit", () => {
    expect(() => attentionMaps(attention, 2, 3)).toThrow(
      "attentionMaps: the source position is an integer from 0 to 2, got 3",
    );
    expect(() => attentionMaps(attention, 3, 0)).toThrow(
      'attentionMaps "batch head src": expected [9,2,3], got [4,2,3]',
    );
  });
});
