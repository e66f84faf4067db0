import { describe, expect, it } from "vitest";
import { animation, facets, heatmap, lineFacets, lines, scatter } from "../../figures/all.ts";
import { markup, readableText } from "../../figures/text.ts";
import { csvOf as csvWith, type PageFigure } from "./csv.ts";

const csvOf = (figure: PageFigure) => csvWith(figure, readableText);

describe("CSV of a figure", () => {
  it("is a labeled matrix for one heat map, with empty cells for gaps", () => {
    const z = [
      [1.5, Number.NaN],
      [-2, 4e-9],
    ];
    const figure = heatmap({ z, x: ["=", "="], y: [3, 4], xLabel: "src", yLabel: "dest" });
    expect(csvOf(figure)).toBe("dest \\ src,=,=\r\n3,1.5,\r\n4,-2,4e-9\r\n");
  });

  it("gives float32 numbers in their shortest form, which reads back exactly", () => {
    const row = Float32Array.from({ length: 120 }, (_, i) => Math.sin(i) / 3);
    const csv = csvOf(heatmap({ z: { dtype: "float32", shape: [1, 120], data: row } }));
    const cells = (csv.split("\r\n")[1] as string).split(",").slice(1);
    expect(cells.map((cell) => Math.fround(Number(cell)))).toEqual(Array.from(row));
    expect(Math.max(...cells.map((cell) => cell.length))).toBeLessThan(16);
  });

  it("has names as the reader sees them, and no remark about an axis", () => {
    const figure = lines({
      series: [
        { name: "<s>", y: [1, 0] },
        { name: markup`W<sub>E</sub>`, y: [3, 4] },
      ],
      x: [0, 2],
      xLabel: "a & b",
      logX: true,
    });
    expect(csvOf(figure)).toBe("a & b,<s>,W_E\r\n0,1,3\r\n2,0,4\r\n");
  });

  it("is one table for series over the same x", () => {
    const figure = lines({
      x: [0, 100],
      xLabel: "step",
      series: [
        { name: "train, ours", y: [4.7, 1e-7] },
        { name: 'the "test"', y: [4.8, 2] },
      ],
    });
    expect(csvOf(figure)).toBe('step,"train, ours","the ""test"""\r\n0,4.7,4.8\r\n100,1e-7,2\r\n');
  });

  it("keeps the labels of points", () => {
    const groups = [{ name: "key", x: [1], y: [2], labels: ["k = 5"] }];
    expect(csvOf(scatter({ groups }))).toBe("label,x,key\r\nk = 5,1,2\r\n");
  });

  it("has a line per number when series differ in x", () => {
    const series = [
      { name: "a", y: [7, 8] },
      { name: "b", x: [5], y: [9] },
    ];
    expect(csvOf(lines({ series }))).toBe("series,x,y\r\na,0,7\r\na,1,8\r\nb,5,9\r\n");
  });

  it("names the panels of facets", () => {
    const maps = facets({
      panels: [
        { title: "head 0", z: [[1, Number.NaN]] },
        { title: "head 1", z: [[3, 4]] },
      ],
    });
    expect(csvOf(maps)).toBe(
      "panel,x,y,value\r\nhead 0,0,0,1\r\nhead 0,1,0,\r\nhead 1,0,0,3\r\nhead 1,1,0,4\r\n",
    );
    const panels = [{ title: "p", series: [{ name: "s", y: [1] }] }];
    expect(csvOf(lineFacets({ panels }))).toBe("panel,series,x,y\r\np,s,0,1\r\n");
  });

  it("has every frame of an animation", () => {
    const figure = animation({
      frames: [0, 100],
      panels: [
        { kind: "heatmap", title: "W", frames: [[[1]], [[2]]] },
        {
          kind: "lines",
          title: "loss",
          still: [{ name: "all", y: [9] }],
          moving: [
            {
              name: "now",
              frames: [
                { x: [0], y: [5] },
                { x: [1], y: [6] },
              ],
            },
          ],
        },
      ],
    });
    expect(csvOf(figure).split("\r\n")).toEqual([
      "frame,panel,series,x,y,value",
      ",loss,all,0,9,",
      "0,W,,0,0,1",
      "0,loss,now,0,5,",
      "100,W,,0,0,2",
      "100,loss,now,1,6,",
      "",
    ]);
  });
});
