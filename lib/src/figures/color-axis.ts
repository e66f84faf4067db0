/** The color scale that the heat maps of one figure share. */

import { type ColorScale, diverging, sequential } from "./colors.ts";
import type { Json } from "./figure-parts.ts";
import { extentOf } from "./numbers.ts";
import { plain, type Text } from "./text.ts";

/** How numbers become colors. */
export interface ColorOptions {
  /** Blues from zero instead of red–white–blue around zero: for data without negative numbers. */
  readonly sequential?: boolean;
  /** Ends of the scale instead of the data's; a diverging scale takes the larger magnitude. */
  readonly range?: readonly [number, number];
  /** Title of the color bar, with the unit. */
  readonly valueLabel?: Text;
}

/**
 * Plotly color axis over all `lists`. Diverging: [-m, m] with m the largest magnitude, so that
 * white is zero. Sequential: from the smaller of zero and the minimum to the maximum. `barPlace`
 * moves the color bar (Plotly's x, y, len, …).
 */
export function colorAxis(
  lists: readonly ArrayLike<number>[],
  options: ColorOptions,
  showsGaps: boolean,
  barPlace: Json = {},
): Json {
  const [low, high] = options.range ?? extentOf(lists) ?? [0, 0];
  const label = [plain(options.valueLabel ?? ""), showsGaps ? "<i>grey: not a number</i>" : ""];
  const bar = { ...colorBar(label.filter((line) => line !== "").join(" · ")), ...barPlace };
  if (options.sequential) {
    const floor = options.range ? low : Math.min(0, low);
    return scaleOf(floor, high > floor ? high : floor + 1, sequential, bar);
  }
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return scaleOf(-reach, reach, diverging, bar);
}

function scaleOf(cmin: number, cmax: number, colorscale: ColorScale, colorbar: Json): Json {
  return { cmin, cmax, colorscale, colorbar };
}

/** A slim bar; its title, in pseudo-HTML, runs along it. */
export function colorBar(title: string): Json {
  return {
    title: { text: title, side: "right" },
    thickness: 12,
    outlinewidth: 0,
    xpad: 12,
    ypad: 0,
    len: 1,
    exponentformat: "power",
  };
}
