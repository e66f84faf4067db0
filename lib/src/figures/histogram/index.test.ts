import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readable } from "../readable.ts";
import { histogram } from "./index.ts";

describe("histogram", () => {
  it.each(Object.entries(histogram.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(histogram(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  it("counts every finite value once, whatever the bins", () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 60 }), (list, bins) => {
        const figure = histogram({ series: [{ name: "a", values: list }], bins });
        const counts = figure.data[0]?.y as number[];
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(list.length);
      }),
    );
  });

  it("puts values into half-open bins, the last one closed", () => {
    const figure = histogram({
      series: [{ name: "a", values: [0, 0.5, 1, 1, 1.5, 2, 3, Number.NaN] }],
      bins: 2,
      range: [0, 2],
    });
    expect(figure.data[0]).toMatchObject({ x: [0.5, 1.5], y: [2, 4], width: 1 });
  });

  it("gives shares of the whole series", () => {
    const series = [{ name: "a", values: [0, 0, 1, 9] }];
    expect(histogram({ series, bins: 2, range: [0, 2], shares: true }).data[0]?.y).toEqual([
      0.5, 0.25,
    ]);
  });

  it("refuses a number of bins that is not a positive integer", () => {
    expect(() => histogram({ series: [], bins: 0 })).toThrow(
      "histogram: bins must be a positive integer, got 0",
    );
  });
});
