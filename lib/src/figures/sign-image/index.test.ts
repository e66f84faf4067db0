import { describe, expect, it } from "vitest";
import { readable } from "../readable.ts";
import { signImage } from "./index.ts";

describe("signImage", () => {
  it.each(Object.entries(signImage.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(signImage(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  it("draws signs only: black, white, and grey for zero", () => {
    const { data, layout } = signImage({ z: [[-0.3, 7, 0, Number.NaN]] });
    expect(data[0]?.z).toEqual([[-1, 1, 0, 0]]);
    const { colorscale } = layout.coloraxis as { colorscale: [number, string][] };
    expect(new Set(colorscale.map(([, color]) => color)).size).toBe(3);
  });

  it("has no grey when nothing is zero", () => {
    const { layout } = signImage({ z: [[-1, 1]] });
    expect(layout.coloraxis).toMatchObject({ colorbar: { ticktext: ["−1", "+1"] } });
  });
});
