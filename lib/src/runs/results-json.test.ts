import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nd } from "../core/nd.ts";
import { canonicalJson, runName } from "./canonical.ts";
import { resultsFromJson, resultsToJson } from "./results-json.ts";

const roundTrip = (value: unknown): unknown => resultsFromJson(resultsToJson(value));

describe("results as JSON", () => {
  it("come back exactly, with their arrays", () => {
    const results = {
      title: "x",
      holds: true,
      none: null,
      numbers: [0.1 + 0.2, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0],
      matrix: nd("float32", [2, 2], [1.5, -0, Number.NaN, 3e38]),
      counts: nd("int32", [3], [-1, 0, 2 ** 31 - 1]),
      mask: nd("bool", [2], [1, 0]),
      words: Uint32Array.of(2 ** 32 - 1),
      deep: [{ losses: Float64Array.of(Math.PI, 1e-300) }],
    };
    expect(roundTrip(results)).toEqual(results);
  });

  it("come back exactly, whatever the numbers", () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.float64Array(), (list, data) => {
        expect(roundTrip({ list, data })).toEqual({ list, data });
      }),
    );
  });

  it("are whole when the array is a part of a larger buffer", () => {
    const part = Float64Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(roundTrip({ part })).toEqual({ part: Float64Array.of(2, 3) });
  });

  it("refuse what is no plain data, naming where it is", () => {
    expect(() => resultsToJson({ a: [1, { f: () => 1 }] })).toThrow(
      "results.a[1].f: results must be plain data, got function",
    );
  });
});

describe("names of runs", () => {
  it("do not depend on the order of the parameters", () => {
    expect(runName("s", { a: 1, b: { c: 2, d: 3 } })).toBe(
      runName("s", { b: { d: 3, c: 2 }, a: 1 }),
    );
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });

  it("depend on the study and on every value", () => {
    const names = [runName("s", { a: 1 }), runName("s", { a: 2 }), runName("t", { a: 1 })];
    expect(new Set(names.map((name) => name.slice(2))).size).toBe(3);
    expect(names[0]).toMatch(/^s-[0-9a-f]{8}$/);
  });
});
