import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { nd } from "../core/nd.ts";
import { decodeJson, encodeJson, isNdArray } from "./index.ts";

describe("data", () => {
  it("come back exactly: arrays, NaN, infinities, -0 and keys that look like markers", () => {
    const value = {
      loss: [1.5, Number.NaN, Infinity, -Infinity, -0, 1e-320],
      W_E: nd("float32", [2, 2], [0.1, Number.NaN, -0, Infinity]),
      wide: nd("float64", [1], [Math.PI]),
      ints: nd("int32", [2], [-5, 7]),
      uints: nd("uint32", [1], [2 ** 32 - 1]),
      flags: nd("bool", [3], [1, 0, 1]),
      empty: nd("float32", [0, 3], []),
      view: nd("float32", [2], Float32Array.of(1, 2, 3).subarray(1)),
      odd: { $number: "NaN", x: null },
      marker: { $array: ["float32", [], ""] },
      nested: { $object: { $number: "1" } },
    };
    expect(decodeJson(encodeJson(value))).toEqual(value);
  });

  it("come back exactly, whatever they are", () => {
    const key = fc.oneof(fc.string(), fc.constantFrom("$array", "$number", "$object"));
    const data = fc.object({
      key,
      values: [fc.double(), fc.string(), fc.boolean(), fc.constant(null)],
    });
    fc.assert(
      fc.property(data, (value) => {
        const text = encodeJson(value);
        expect(decodeJson(text)).toEqual(value);
        expect(encodeJson(decodeJson(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it("have one text, in the order of their keys", () => {
    const text = '{"b":1,"a":{"$array":["float32",[2],"AACAPwAAAEA="]},"c":{"$number":"NaN"}}';
    expect(encodeJson({ b: 1, a: nd("float32", [2], [1, 2]), c: Number.NaN, d: undefined })).toBe(
      text,
    );
  });

  it("may be plain JSON", () => {
    expect(decodeJson('{"a":[1,{"b":null}]}')).toEqual({ a: [1, { b: null }] });
  });
});

describe("refused with one sentence", () => {
  it.each([
    [{ x: [() => 1] }, "encodeJson: the value.x[0] is a function; only plain data can be saved"],
    [{ x: 1n }, "encodeJson: the value.x is a bigint; only plain data can be saved"],
    [new Map(), "encodeJson: the value is an object of class Map; only plain data can be saved"],
    [
      { x: Float32Array.of(1) },
      "encodeJson: the value.x is an object of class Float32Array; only plain data can be saved",
    ],
  ])("what is not plain data: %o", (value, sentence) => {
    expect(() => encodeJson(value)).toThrow(new InputError(sentence));
  });

  it("what is nested too deep", () => {
    let value: unknown = 0;
    for (let i = 0; i < 300; i++) value = [value];
    expect(() => encodeJson(value)).toThrow(
      new InputError("encodeJson: the data are nested more than 200 deep"),
    );
    expect(() => decodeJson("[".repeat(300) + "]".repeat(300))).toThrow(
      new InputError("decodeJson: the data are nested more than 200 deep"),
    );
  });

  const corrupt = (marker: string) =>
    `decodeJson: an entry marked ${marker} is not valid; the file is corrupt`;
  it.each([
    ["{", "decodeJson: the text is not JSON; it may be truncated"],
    ['{"$array":["float32",[2],"AACAPw=="]}', corrupt("$array")],
    ['{"$array":["float16",[1],"AAA="]}', corrupt("$array")],
    ['{"$array":["float32",[1],"*"]}', corrupt("$array")],
    ['{"$array":["float32",[-1],""]}', corrupt("$array")],
    ['{"$array":3}', corrupt("$array")],
    ['{"$number":"7"}', corrupt("$number")],
    ['{"$number":"toString"}', corrupt("$number")],
    ['{"$object":[]}', corrupt("$object")],
  ])("%s", (text, sentence) => {
    expect(() => decodeJson(text)).toThrow(new InputError(sentence));
  });
});

describe("isNdArray", () => {
  it("knows arrays from other values", () => {
    expect(isNdArray(nd("bool", [1], [1]))).toBe(true);
    for (const value of [null, 3, [], {}, { dtype: "float32", shape: [1], data: [1] }]) {
      expect(isNdArray(value)).toBe(false);
    }
  });
});
