/** Axis ranges that hold for every frame of an animation. */

import { extentOf, listOf, type Numbers } from "../numbers.ts";
import type { LinePanel } from "./data.ts";

export type Range = readonly [number, number];

/** x and y range of a panel over all frames, in Plotly's units (log10 on a logarithmic axis). */
export function rangesOf(panel: LinePanel): { readonly x: Range; readonly y: Range } {
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
  return {
    x: padded(xs, panel.logX ?? false, 0.02),
    y: padded(ys, panel.logY ?? false, 0.05),
  };
}

function padded(lists: readonly ArrayLike<number>[], log: boolean, share: number): Range {
  const scaled = log ? lists.map((list) => Float64Array.from(list, Math.log10)) : lists;
  const [low, high] = extentOf(scaled) ?? [0, 1];
  const pad = share * (high - low) || 0.5;
  return [low - pad, high + pad];
}
