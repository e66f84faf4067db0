import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readable } from "../readable.ts";
import { type FacetsData, facets } from "./index.ts";

describe("facets", () => {
  it.each(Object.entries(facets.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(facets(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  it("puts all panels on one color scale over all their numbers", () => {
    const panels = [
      { title: "small", z: [[1, -2]] },
      { title: "large", z: [[30, 4]] },
    ];
    const { data, layout } = facets({ panels });
    expect(data.map(({ coloraxis }) => coloraxis)).toEqual(["coloraxis", "coloraxis"]);
    expect(data.some((trace) => "zmin" in trace || "zmax" in trace)).toBe(false);
    expect(layout.coloraxis).toMatchObject({ cmin: -30, cmax: 30 });
  });

  it("titles every panel and links their axes", () => {
    const { layout } = facets(facets.examples.heads as FacetsData);
    const titles = (layout.annotations as { text: string }[]).map(({ text }) => text);
    expect(titles).toEqual([3, 5, 7, 11].map((k) => `head, frequency ${k}`));
    expect(layout.xaxis4).toMatchObject({ matches: "x" });
    expect(layout.yaxis4).toMatchObject({ matches: "y" });
  });

  it("lays panels out without overlap, inside the figure", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 13 }),
        fc.integer({ min: 1, max: 5 }),
        (count, columns) => {
          const panels = Array.from({ length: count }, (_, i) => ({ title: `${i}`, z: [[i]] }));
          const { layout } = facets({ panels, columns });
          const boxes = panels.map((_, n) => {
            const key = n === 0 ? "" : String(n + 1);
            const [x, y] = [layout[`xaxis${key}`], layout[`yaxis${key}`]] as { domain: number[] }[];
            return [...(x?.domain ?? []), ...(y?.domain ?? [])] as [number, number, number, number];
          });
          for (const [i, [left, right, bottom, top]] of boxes.entries()) {
            expect(left >= 0 && right <= 1 && left < right && bottom >= 0 && top <= 1).toBe(true);
            for (const [l, r, b, t] of boxes.slice(i + 1)) {
              expect(r <= left || l >= right || t <= bottom || b >= top).toBe(true);
            }
          }
        },
      ),
    );
  });

  it("refuses panels of different shapes", () => {
    const panels = [
      { title: "a", z: [[1, 2]] },
      { title: "b", z: [[1]] },
    ];
    expect(() => facets({ panels })).toThrow('facets "b": expected [1,2], got [1,1]');
  });
});
