import { describe, expect, it } from "vitest";
import { readable } from "../readable.ts";
import { type LineFacetsData, lineFacets } from "./index.ts";

describe("lineFacets", () => {
  it.each(Object.entries(lineFacets.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(lineFacets(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  it("gives a series one color and one legend entry in all panels", () => {
    const figure = lineFacets(lineFacets.examples.frequencies as LineFacetsData);
    const cos = figure.data.filter(({ name }) => name === "cos");
    expect(cos).toHaveLength(4);
    expect(new Set(cos.map(({ line }) => JSON.stringify(line))).size).toBe(1);
    expect(cos.filter(({ showlegend }) => showlegend)).toHaveLength(1);
  });

  it("shares the y range unless told otherwise", () => {
    const panels = [1, 100].map((y) => ({ title: String(y), series: [{ name: "a", y: [0, y] }] }));
    expect(lineFacets({ panels }).layout.yaxis2).toMatchObject({ matches: "y" });
    expect(lineFacets({ panels, shareY: false }).layout.yaxis2).not.toHaveProperty("matches");
  });

  it("switches the axes of all panels at once", () => {
    const panel = { title: "", series: [{ name: "a", y: [1, 10] }] };
    const figure = lineFacets({ x: [1, 2], panels: [panel, panel, panel, panel] });
    const menus = figure.layout.updatemenus as { buttons: { args: object[] }[] }[];
    expect(menus[1]?.buttons[0]?.args[0]).toMatchObject({
      "yaxis.type": "log",
      "yaxis4.type": "log",
    });
  });

  it("needs a panel and a positive number of columns", () => {
    expect(() => lineFacets({ panels: [] })).toThrow("lineFacets: needs at least one panel, got 0");
    expect(() => lineFacets({ panels: [{ title: "", series: [] }], columns: 0 })).toThrow(
      "lineFacets: columns must be a positive integer, got 0",
    );
  });
});
