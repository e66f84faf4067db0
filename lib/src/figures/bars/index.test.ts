import { describe, expect, it } from "vitest";
import { neutral, palette } from "../colors.ts";
import { readable } from "../readable.ts";
import { bars } from "./index.ts";

describe("bars", () => {
  it.each(Object.entries(bars.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(bars(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  it("greys out what is not highlighted", () => {
    const { data } = bars({
      categories: [1, 2, 3],
      series: [{ name: "norm", values: [1, 5, 1] }],
      highlight: [2],
    });
    const [{ marker }] = data as unknown as [{ marker: { color: string[] } }];
    expect(marker.color).toEqual([neutral, palette[0], neutral]);
  });

  it("names the highlighted bars unless told not to", () => {
    const text = (labels?: boolean): unknown => {
      const series = [{ name: "norm", values: [1, 5, 1] }];
      const own = labels === undefined ? {} : { labels };
      const { data } = bars({ categories: [1, 2, 3], series, highlight: [2], ...own });
      return (data as unknown as [{ text?: string[] }])[0].text;
    };
    expect(text()).toEqual(["", "2", ""]);
    expect(text(false)).toBeUndefined();
  });

  it("refuses a missing value", () => {
    expect(() => bars({ categories: ["a", "b"], series: [{ name: "s", values: [1] }] })).toThrow(
      'bars "s": needs one value for each of 2 categories, got 1',
    );
  });
});
