import { describe, expect, expectTypeOf, it } from "vitest";
import { dims } from "./dims.ts";
import { ShapeError } from "./errors.ts";

describe("dims", () => {
  it("binds each axis name to its size", () => {
    const sizes = dims("pattern", { shape: [5, 4, 3, 3] }, "batch head dest src");
    expect(sizes).toEqual({ batch: 5, head: 4, dest: 3, src: 3 });
    expectTypeOf(sizes).toEqualTypeOf<Record<"batch" | "head" | "dest" | "src", number>>();
  });

  it("accepts a known size that agrees", () => {
    expect(dims("W_E", { shape: [114, 128] }, "d_vocab d_model", { d_model: 128 })).toEqual({
      d_vocab: 114,
      d_model: 128,
    });
  });

  it("refuses a known size that differs, naming the tensor and both shapes", () => {
    const call = () => dims("W_E", { shape: [114, 64] }, "d_vocab d_model", { d_model: 128 });
    expect(call).toThrow(ShapeError);
    expect(call).toThrow('W_E "d_vocab d_model": expected [114,128], got [114,64]');
  });

  it("refuses a repeated axis with two sizes", () => {
    expect(() => dims("covariance", { shape: [3, 4] }, "freq freq")).toThrow(
      'covariance "freq freq": expected [3,3], got [3,4]',
    );
  });

  it("refuses too few and too many axes", () => {
    expect(() => dims("x", { shape: [2] }, "batch pos")).toThrow(
      'x "batch pos": expected [2,?], got [2]',
    );
    expect(() => dims("x", { shape: [2, 3, 4] }, "batch pos")).toThrow(
      'x "batch pos": expected [2,3], got [2,3,4]',
    );
  });
});
