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
    expect(nd("int32", [2], Float64Array.of(1.9, -1.9)).data).toEqual(Int32Array.of(1, -1));
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
