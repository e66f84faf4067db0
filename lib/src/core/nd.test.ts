import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesPerElement, type DType, nd, sizeOf, zerosOf } from "./nd.ts";

const dtypes: readonly DType[] = ["float32", "float64", "int32", "uint32", "bool"];

describe("plain arrays", () => {
  it("have as many elements as the product of their sizes, one for a scalar", () => {
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([3, 0, 5])).toBe(0);
    expect(sizeOf([2, 3, 4])).toBe(24);
  });

  it.each(dtypes)("of %s are stored in elements of the stated size, all zero", (dtype) => {
    const zeros = zerosOf(dtype, 3);
    expect(zeros.BYTES_PER_ELEMENT).toBe(bytesPerElement[dtype]);
    expect([...zeros]).toEqual([0, 0, 0]);
  });

  it("keep typed data of the right kind without a copy", () => {
    const data = Float32Array.of(1, 2, 3, 4);
    expect(nd("float32", [2, 2], data).data).toBe(data);
  });

  it("convert other data element by element", () => {
    expect(nd("float32", [2], [0.1, 2]).data).toEqual(Float32Array.of(0.1, 2));
    expect(nd("int32", [2], Float64Array.of(2, -1)).data).toEqual(Int32Array.of(2, -1));
    expect(nd("bool", [3], [true, false, 2]).data).toEqual(Uint8Array.of(1, 0, 1));
  });

  it.each([
    [
      "int32",
      [2, 1.5],
      "nd: int32 holds whole numbers from -2147483648 to 2147483647, got 1.5 at [1]",
    ],
    ["int32", [0, Number.NaN], "got NaN at [1]"],
    ["int32", [2 ** 31, 0], "got 2147483648 at [0]"],
    ["uint32", [0, -1], "nd: uint32 holds whole numbers from 0 to 4294967295, got -1 at [1]"],
    ["float32", [0, 1e39], "nd: 1e+39 at [1] is too large for float32; scale it, or keep float64"],
    ["float32", [[1], [2]], "nd: data must be a flat list of numbers, got a list at 0"],
    ["float32", ["1", "2"], "nd: data must be a flat list of numbers, got string at 0"],
    ["float16", [1, 2], 'nd: unknown dtype "float16"; did you mean float32, float64'],
    ["float32", [1], "nd: shape [2] holds 2 numbers, got 1"],
  ])("refuse what %s cannot hold: %s", (dtype, data, message) => {
    expect(() => nd(dtype as DType, [2], data as number[])).toThrow(message);
  });

  it("keep infinities and NaN in floats, and refuse sizes that are none", () => {
    const data = [Number.POSITIVE_INFINITY, Number.NaN];
    expect([...nd("float32", [2], data).data]).toEqual(data);
    expect(() => nd("float32", [-1, -2], [1, 2])).toThrow("nd: shape [-1,-2] holds 2 numbers");
  });

  it("refuse data that do not fill the shape", () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (have, want) => {
        const build = () => nd("float64", [want], new Float64Array(have));
        if (have === want) expect(build().data.length).toBe(want);
        else expect(build).toThrow(`nd: shape [${want}] holds ${want} numbers, got ${have}`);
      }),
    );
  });
});
