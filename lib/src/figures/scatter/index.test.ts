import { describe, expect, it } from "vitest";
import { readable } from "../readable.ts";
import { scatter } from "./index.ts";

describe("scatter", () => {
  it.each(Object.entries(scatter.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(scatter.draw(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  it("draws y = x over the range of both axes", () => {
    const { layout } = scatter.draw({
      groups: [{ name: "a", x: [1, 2], y: [-4, 9] }],
      diagonal: true,
    });
    expect(layout.shapes).toMatchObject([{ x0: -4, y0: -4, x1: 9, y1: 9 }]);
  });

  it("refuses labels that do not match the points", () => {
    const groups = [{ name: "a", x: [1, 2], y: [3, 4], labels: ["one"] }];
    expect(() => scatter.draw({ groups })).toThrow(
      'scatter "a": needs one label for each of 2 points, got 1',
    );
  });
});
