import { describe, expect, it } from "vitest";
import { decoded, readable } from "../readable.ts";
import { scatter } from "./index.ts";

describe("scatter", () => {
  it.each(Object.entries(scatter.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(scatter(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  it("draws y = x over the range of both axes, as points that are right on any scale", () => {
    const groups = [{ name: "a", x: [1, 2], y: [-4, 9] }];
    const { data, layout } = scatter({ groups, diagonal: true });
    const [x, y] = [decoded(data[0]?.x), decoded(data[0]?.y)] as number[][];
    expect(y).toEqual(x);
    expect([x?.[0], x?.at(-1)]).toEqual([-4, 9]);
    expect(x?.filter((value) => value > 0).length).toBeGreaterThan(64);
    expect(layout.shapes).toEqual([]);
    expect(scatter({ groups: [], diagonal: true }).data).toEqual([]);
  });

  it("refuses labels that do not match the points", () => {
    const groups = [{ name: "a", x: [1, 2], y: [3, 4], labels: ["one"] }];
    expect(() => scatter({ groups })).toThrow(
      'scatter "a": needs one label for each of 2 points, got 1',
    );
  });
});
