/** What the axes of a line panel hold over all frames of an animation. */

import type { AxisContent } from "../log-axis.ts";
import { extentOf, listOf, type Numbers } from "../numbers.ts";
import type { LinePanel } from "./data.ts";

export type Range = readonly [number, number];

/** Every number of a panel, at any frame, by axis. */
export function contentOf(panel: LinePanel): { readonly x: AxisContent; readonly y: AxisContent } {
  const xs: ArrayLike<number>[] = [];
  const ys: ArrayLike<number>[] = [];
  const add = (x: Numbers | undefined, y: Numbers): void => {
    const values = listOf("animation", y);
    const own = x ?? panel.x;
    ys.push(values);
    xs.push(own === undefined ? [0, Math.max(values.length - 1, 0)] : listOf("animation", own));
  };
  for (const series of panel.still ?? []) add(series.x, series.y);
  for (const { frames } of panel.moving) for (const { x, y } of frames) add(x, y);
  const { xLabel, yLabel, logX = false, logY = false } = panel;
  return {
    x: { letter: "x", label: xLabel, log: logX, values: xs, marks: [] },
    y: { letter: "y", label: yLabel, log: logY, values: ys, marks: [] },
  };
}

/** The range that holds every value, in Plotly's units (log10 on a logarithmic axis). */
export function rangeOf({ values, log }: AxisContent, padding: number): Range {
  const scaled = log ? values.map((list) => Float64Array.from(list, Math.log10)) : values;
  const [low, high] = extentOf(scaled) ?? [0, 1];
  const pad = padding * (high - low) || 0.5;
  return [low - pad, high + pad];
}
