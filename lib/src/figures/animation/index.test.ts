import { describe, expect, it } from "vitest";
import { readable } from "../readable.ts";
import { type AnimationData, animation, type HeatPanel } from "./index.ts";
import { contentOf, rangeOf } from "./ranges.ts";

describe("animation", () => {
  it.each(Object.entries(animation.examples))(
    "draws the example %s as committed",
    async (name, data) => {
      await expect(readable(animation(data))).toMatchFileSnapshot(`__snapshots__/${name}.json`);
    },
  );

  const figure = animation(animation.examples.grokking as AnimationData);

  it("fixes the color scale over all frames and moves only numbers", () => {
    const logits = (animation.examples.grokking as AnimationData).panels[0] as HeatPanel;
    const largest = Math.max(...(logits.frames as number[][][]).flat(2).map(Math.abs));
    expect(figure.layout.coloraxis).toMatchObject({ cmin: -largest, cmax: largest });
    for (const frame of figure.frames ?? []) {
      expect(Object.keys(frame).sort()).toEqual(["data", "name", "traces"]);
      for (const part of frame.data as object[]) {
        expect(Object.keys(part).every((key) => ["x", "y", "z"].includes(key))).toBe(true);
      }
    }
  });

  it("fixes the ranges of lines over all frames, in log10 on a logarithmic axis", () => {
    const { x, y } = contentOf({
      kind: "lines",
      title: "",
      logY: true,
      moving: [
        {
          name: "a",
          frames: [
            { x: [0], y: [1] },
            { x: [0, 100], y: [1, 1000] },
          ],
        },
      ],
    });
    expect(rangeOf(x, 0.02)).toEqual([-2, 102]);
    const [low, high] = rangeOf(y, 0.05);
    expect(low).toBeCloseTo(-0.15, 12);
    expect(high).toBeCloseTo(3.15, 12);
    expect(figure.layout.xaxis2).toHaveProperty("range");
    expect(figure.layout.yaxis2).toHaveProperty("range");
  });

  it("shows the last frame first and has a slider step per frame", () => {
    const slider = (figure.layout.sliders as { active: number; steps: { label: string }[] }[])[0];
    expect(slider?.active).toBe(5);
    expect(slider?.steps.map(({ label }) => label)).toEqual(figure.frames?.map(({ name }) => name));
    const last = figure.frames?.at(-1) as { traces: number[]; data: { z?: unknown }[] };
    expect(last.traces).toEqual([0, 2]);
    expect(figure.data[0]?.z).toEqual(last.data[0]?.z);
  });

  it("can be played and paused", () => {
    const menus = figure.layout.updatemenus as { buttons: { label: string; args: unknown[] }[] }[];
    expect(menus[0]?.buttons.map(({ label }) => label)).toEqual(["play", "pause"]);
    expect(menus[0]?.buttons[0]?.args[1]).toMatchObject({ frame: { duration: 250, redraw: true } });
  });

  it("refuses repeated frames, missing frames and changing shapes", () => {
    const panel = (frames: number[][][]): HeatPanel => ({ kind: "heatmap", title: "W", frames });
    expect(() => animation({ frames: [0, 0], panels: [] })).toThrow(
      "animation: frames must be different and at least one, got [0,0]",
    );
    expect(() => animation({ frames: [0, 1], panels: [panel([[[1]]])] })).toThrow(
      'animation "W": needs 2 frames, got 1',
    );
    expect(() => animation({ frames: [0, 1], panels: [panel([[[1]], [[1, 2]]])] })).toThrow(
      'animation "W": expected [1,1], got [1,2]',
    );
  });
});
