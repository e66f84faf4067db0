import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nd } from "../../core/nd.ts";
import type { PlotlyFigure } from "../figure.ts";
import { readable } from "../readable.ts";
import { heatmap } from "./index.ts";

describe("heatmap", () => {
  it.each(Object.entries(heatmap.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(heatmap(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  it("puts white at zero, whatever the data", () => {
    const numbers = fc.float({ noNaN: true, min: -100, max: 100 });
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 9 }), (row) => {
        const { cmin, cmax, colorscale } = coloraxis(heatmap({ z: [row] }));
        expect(cmin + cmax).toBe(0);
        expect(cmax).toBe(Math.max(...row.map(Math.abs)) || 1);
        expect(colorscale.find(([at]) => at === 0.5)?.[1]).toBe("#f7f7f7");
      }),
    );
  });

  it("widens a given range so that zero stays in the middle", () => {
    const { cmin, cmax } = coloraxis(heatmap({ z: [[1]], range: [-1, 3] }));
    expect([cmin, cmax]).toEqual([-3, 3]);
  });

  it("starts a sequential scale at zero for positive data and at the range when given", () => {
    const whole = coloraxis(heatmap({ z: [[2, 5]], sequential: true }));
    expect([whole.cmin, whole.cmax]).toEqual([0, 5]);
    const part = coloraxis(heatmap({ z: [[2, 5]], sequential: true, range: [2, 4] }));
    expect([part.cmin, part.cmax]).toEqual([2, 4]);
  });

  it("lays a grey cell under every number that is not finite, and says so", () => {
    const z = [
      [Number.NaN, 1],
      [Infinity, 3],
    ];
    const { data, layout } = heatmap({ z });
    expect(data.map((trace) => trace.z)).toEqual([
      [
        [1, 0],
        [1, 0],
      ],
      [
        [null, 1],
        [null, 3],
      ],
    ]);
    expect(JSON.stringify(layout.coloraxis)).toContain("grey: not a number");
    expect(heatmap({ z: [[1]] }).data).toHaveLength(1);
  });

  it("holds the gaps of a large matrix as a byte a cell", () => {
    const data = new Float32Array(40_000).map((_, i) => Math.sin(i));
    const size = (): number =>
      JSON.stringify(heatmap({ z: { dtype: "float32", shape: [200, 200], data } })).length;
    const whole = size();
    data[7] = Number.NaN;
    expect(size() / whole).toBeLessThan(1.3);
  });

  it("refuses a format of numbers that is not d3's", () => {
    for (const valueFormat of [".3f", ".1%", "+.2~e", "d", ""]) {
      expect(() => heatmap({ z: [[1]], valueFormat })).not.toThrow();
    }
    expect(() => heatmap({ z: [[1]], valueFormat: "%{z}" })).toThrow(
      'valueFormat: must be a format of d3 such as ".3f" or ".1%", got "%{z}"',
    );
  });

  it("keeps equal labels apart and shows uneven numbers as names", () => {
    const { data, layout } = heatmap({ z: [[1, 2, 3]], x: ["1", "1", "="], y: [7] });
    const labels = data[0]?.x as string[];
    expect(new Set(labels).size).toBe(3);
    expect(labels.map((label) => label.replaceAll("\u200b", ""))).toEqual(["1", "1", "="]);
    expect(layout.xaxis).toMatchObject({ type: "category" });
    expect(layout.yaxis).toMatchObject({ type: "linear" });
    expect(heatmap({ z: [[1, 2, 3]], x: [5, 12, 30] }).data[0]?.x).toEqual(["5", "12", "30"]);
  });

  it("draws square cells for square matrices unless told otherwise", () => {
    const square = nd("float32", [2, 2], [1, 2, 3, 4]);
    expect(heatmap({ z: square }).layout.yaxis).toMatchObject({ scaleanchor: "x" });
    expect(heatmap({ z: square, aspect: "auto" }).layout.yaxis).not.toHaveProperty("scaleanchor");
  });

  it("refuses what is not a matrix, ragged rows and missing labels", () => {
    expect(() => heatmap({ z: nd("float32", [2], [1, 2]) })).toThrow(
      "heatmap: expected [?,?], got [2]",
    );
    expect(() => heatmap({ z: [[1, 2], [3]] })).toThrow(
      "heatmap: rows must be equally long, got 2 numbers in row 0 and 1 in row 1",
    );
    expect(() => heatmap({ z: [[1, 2]], x: ["a"] })).toThrow(
      "heatmap x: needs one label for each of 2, got 1",
    );
  });
});

function coloraxis(figure: PlotlyFigure): {
  cmin: number;
  cmax: number;
  colorscale: [number, string][];
} {
  return figure.layout.coloraxis as ReturnType<typeof coloraxis>;
}
