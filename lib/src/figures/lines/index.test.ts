import { describe, expect, it } from "vitest";
import { readable } from "../readable.ts";
import { rowSeries } from "../series.ts";
import { type LinesData, lines } from "./index.ts";

describe("lines", () => {
  it.each(Object.entries(lines.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(lines(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  it("has a button per axis that switches from the first state and back", () => {
    const { layout } = lines({ x: [1, 2], series: [{ name: "a", y: [1, 10] }], logY: true });
    const menus = layout.updatemenus as { active: number; buttons: Record<string, unknown>[] }[];
    expect(menus.map(({ active }) => active)).toEqual([-1, 0]);
    expect(menus[1]?.buttons[0]).toMatchObject({
      label: "log y",
      args: [{ "yaxis.type": "log" }],
      args2: [{ "yaxis.type": "linear" }],
    });
    expect(layout.yaxis).toMatchObject({ type: "log" });
    expect(layout.xaxis).toMatchObject({ type: "linear" });
  });

  it("offers a log axis only where neither numbers nor marks would disappear", () => {
    const labels = (data: Partial<LinesData>): string[] => {
      const { layout } = lines({ x: [1, 2], series: [{ name: "a", y: [1, 2] }], ...data });
      const menus = layout.updatemenus as { buttons: { label: string }[] }[];
      return menus.flatMap(({ buttons }) => buttons.map(({ label }) => label));
    };
    expect(labels({})).toEqual(["log x", "log y"]);
    expect(labels({ x: [0, 1] })).toEqual(["log y"]);
    expect(labels({ xIsIndex: true })).toEqual(["log y"]);
    expect(labels({ series: [{ name: "a", y: [-1, 1] }] })).toEqual(["log x"]);
    expect(labels({ series: [{ name: "a", y: [-1, 1] }], logY: true })).toEqual(["log x", "log y"]);
    expect(labels({ markers: [{ value: 0 }] })).toEqual(["log y"]);
    expect(labels({ references: [{ value: -1 }] })).toEqual(["log x"]);
    expect(labels({ series: [] })).toEqual([]);
  });

  it("leaves off a log axis what has no place there, says so, and brings it back on a linear one", () => {
    const { layout } = lines({
      x: [1, 10],
      series: [{ name: "a", y: [1, 0] }],
      yLabel: "loss",
      logX: true,
      logY: true,
      markers: [{ value: 0, label: "start" }, { value: 5 }],
      references: [{ value: -1 }, { value: 1 }],
    });
    const shapes = layout.shapes as { visible: boolean }[];
    expect(shapes.map(({ visible }) => visible)).toEqual([false, true, false, true]);
    expect(layout.xaxis).toMatchObject({
      title: { text: "<br><i>not on a log axis: start (0)</i>" },
    });
    expect(layout.yaxis).toMatchObject({
      title: { text: "loss<br><i>not on a log axis: values ≤ 0, the line at -1</i>" },
    });
    const menus = layout.updatemenus as { buttons: { args: [object]; args2: [object] }[] }[];
    expect(menus.map(({ buttons }) => buttons[0]?.args2[0])).toMatchObject([
      { "xaxis.title.text": "", "shapes[2].visible": true },
      { "yaxis.title.text": "loss", "shapes[0].visible": true },
    ]);
    expect(menus[1]?.buttons[0]?.args[0]).toMatchObject({ "shapes[0].visible": false });
  });

  it("puts labels of close markers into rows and of close references at other ends", () => {
    const { layout } = lines({
      x: [0, 1000],
      series: [{ name: "a", y: [0, 1] }],
      markers: [
        { value: 600, label: "test all right" },
        { value: 100, label: "first" },
        { value: 610, label: "train all right" },
        { value: 605, label: "both" },
      ],
      references: [
        { value: 0.5, label: "guess" },
        { value: 0.51, label: "bound" },
        { value: 0.52, label: "limit" },
        { value: 0.9, label: "best" },
      ],
    });
    const shapes = layout.shapes as { y1: number; label: { textposition: string } }[];
    const ends = shapes.slice(0, 4).map(({ label }) => label.textposition);
    expect(ends).toEqual(["end", "start", "middle", "end"]);
    const [test, first, train, both] = shapes.slice(4).map(({ y1 }) => y1) as number[];
    expect([test, first].every((top) => top === 1)).toBe(true);
    expect(new Set([test, train, both]).size).toBe(3);
    const [, top] = (layout.yaxis as { domain: [number, number] }).domain;
    expect(top * Math.max(...shapes.slice(4).map(({ y1 }) => y1))).toBeLessThan(1);
  });

  it("draws references across and markers upright, at their values", () => {
    const { layout } = lines({
      series: [],
      references: [{ value: 3, label: "bound" }],
      markers: [{ value: 7 }],
    });
    expect(layout.shapes).toMatchObject([
      { y0: 3, y1: 3, xref: "x domain", line: { dash: "dash" }, label: { text: "bound" } },
      { x0: 7, x1: 7, yref: "y domain", line: { dash: "dot" } },
    ]);
  });

  it("keeps the labels of markers near either end inside, where they are not cut off", () => {
    const anchors = (x: number[], values: number[]) => {
      const markers = values.map((value) => ({ value, label: "memorized" }));
      const { layout } = lines({ series: [{ name: "a", x, y: x }], markers });
      const shapes = layout.shapes as { label: { xanchor: string } }[];
      return shapes.map(({ label }) => label.xanchor);
    };
    const steps = [0, 1000, 20_000];
    expect(anchors(steps, [0, 150, 9000, 18_400, 20_000])).toEqual([
      ...["left", "left", "center", "right", "right"],
    ]);
    expect(anchors([5], [5])).toEqual(["center"]);
  });

  it("gives a faint series the color of the series it is compared with", () => {
    const [ours, printed] = lines({
      series: [
        { name: "ours", y: [1, 2] },
        { name: "printed", y: [1, 2], faint: true, color: 0 },
      ],
    }).data as { line: { color: string; dash: string }; opacity?: number }[];
    expect(printed?.line.color).toBe(ours?.line.color);
    expect(printed?.line.dash).toBe("dot");
    expect(printed?.opacity).toBeLessThan(1);
  });

  it("makes one series of each row of a matrix", () => {
    expect(rowSeries([[1, 2]], ["first"])).toEqual([
      { name: "first", y: Float64Array.from([1, 2]) },
    ]);
    expect(() => rowSeries([[1], [2]], ["first"])).toThrow(
      "rowSeries: needs one name for each of 2 rows, got 1",
    );
  });

  it("refuses x and y of different lengths", () => {
    expect(() => lines({ series: [{ name: "a", x: [1], y: [1, 2] }] })).toThrow(
      'lines "a": x and y must be equally long, got 1 and 2',
    );
  });
});
