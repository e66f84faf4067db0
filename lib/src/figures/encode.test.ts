import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeGrid, encodeList, plainLimit } from "./encode.ts";
import { decoded } from "./readable.ts";

describe("encodeList", () => {
  it("keeps short lists plain, with null for gaps", () => {
    expect(encodeList([1.5, Number.NaN, -Infinity])).toEqual([1.5, null, null]);
  });

  it("writes little-endian base64 that Node's own Buffer reads", () => {
    const list = Array.from({ length: plainLimit + 1 }, (_, i) => i / 7);
    const encoded = encodeList(list) as { bdata: string; dtype: string };
    expect(encoded.dtype).toBe("f8");
    const bytes = Buffer.from(encoded.bdata, "base64");
    expect(list.map((_, i) => bytes.readDoubleLE(8 * i))).toEqual(list);
  });

  it.each([
    [127, "i1"],
    [-129, "i2"],
    [40_000, "i4"],
    [2 ** 31, "f8"],
    [-0, "f8"],
    [0.5, "f8"],
  ])("takes the smallest type for a list with %d: %s", (value, dtype) => {
    const list = new Float64Array(200).fill(value);
    expect(encodeList(list)).toMatchObject({ dtype });
    expect(decoded(encodeList(list))).toEqual(Array.from(list));
  });

  it("gives back every float64 list, gaps included", () => {
    const list = fc.array(fc.double(), { minLength: plainLimit + 1, maxLength: 300 });
    fc.assert(
      fc.property(list, (values) => {
        expect(decoded(encodeList(values))).toEqual(values);
      }),
    );
  });

  it("encodes lists longer than one chunk", () => {
    const list = Float32Array.from({ length: 50_001 }, (_, i) => Math.fround(Math.sin(i)));
    expect(decoded(encodeList(list))).toEqual(Array.from(list));
  });
});

describe("encodeGrid", () => {
  it("keeps small matrices plain and gives large ones a shape", () => {
    expect(encodeGrid({ rows: 2, columns: 1, data: [1, Number.NaN] })).toEqual([[1], [null]]);
    const data = Float32Array.from({ length: 15 * 20 }, (_, i) => i / 3);
    const encoded = encodeGrid({ rows: 15, columns: 20, data });
    expect(encoded).toMatchObject({ dtype: "f4", shape: "15, 20" });
    const rows = decoded(encoded) as number[][];
    expect(rows).toHaveLength(15);
    expect(rows.flat()).toEqual(Array.from(data));
  });
});
