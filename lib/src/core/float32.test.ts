import { describe, expect, it } from "vitest";
import { InputError } from "./errors.ts";
import { weightsAsFloat32 } from "./float32.ts";
import { nd } from "./nd.ts";

describe("weightsAsFloat32", () => {
  it("rounds float64, and keeps what is infinite or NaN already", () => {
    const odd = nd("float64", [4], [0.1, Number.POSITIVE_INFINITY, Number.NaN, 3.4e38]);
    expect([...weightsAsFloat32("w", odd).data]).toEqual([
      Math.fround(0.1),
      Number.POSITIVE_INFINITY,
      Number.NaN,
      Math.fround(3.4e38),
    ]);
    const same = nd("float32", [1], [1]);
    expect(weightsAsFloat32("w", same)).toBe(same);
  });

  it("refuses numbers that would become infinite, and whole numbers", () => {
    expect(() => weightsAsFloat32("w", nd("float64", [2], [1, -1e300]))).toThrow(
      new InputError("w: weights must fit float32, whose largest number is 3.4e38, got -1e+300"),
    );
    expect(() => weightsAsFloat32("w", nd("int32", [1], [1]))).toThrow(
      "w: weights must be floating-point numbers, got whole numbers (int32); quantized weights are not supported",
    );
  });
});
