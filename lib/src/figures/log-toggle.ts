/** Buttons that switch axes between linear and logarithmic. */

import { type Json, scales } from "./figure-parts.ts";
import { extentOf } from "./numbers.ts";

/** A set of axes that one button switches. */
export interface Toggle {
  readonly letter: "x" | "y";
  /** Layout keys, e.g. `["xaxis", "xaxis2"]`. */
  readonly axes: readonly string[];
  /** Whether they are logarithmic at first. */
  readonly log: boolean;
  /** Whether a log axis can show the data; see `isLoggable`. */
  readonly offered: boolean;
}

/** One Plotly button menu per offered toggle, right above the axes; pressed means logarithmic. */
export function logToggles(toggles: readonly Toggle[]): Json[] {
  const shown = toggles.filter(({ log, offered }) => log || offered);
  return shown.map(({ letter, axes, log }, i) => ({
    type: "buttons",
    active: log ? 0 : -1,
    x: 1 - 0.09 * (shown.length - 1 - i),
    xanchor: "right",
    y: 1,
    yanchor: "bottom",
    pad: { b: 36 },
    buttons: [
      {
        label: `log ${letter}`,
        method: "relayout",
        args: [typeOf(axes, "log")],
        args2: [typeOf(axes, "linear")],
      },
    ],
  }));
}

function typeOf(axes: readonly string[], scale: keyof typeof scales): Json {
  const { type, tickfont } = scales[scale];
  return Object.fromEntries(
    axes.flatMap((axis) => [
      [`${axis}.type`, type],
      [`${axis}.tickfont.size`, tickfont.size],
      [`${axis}.autorange`, true],
    ]),
  );
}

/** Whether the numbers can be drawn on a log axis: none is negative, some are positive. */
export function isLoggable(lists: Iterable<ArrayLike<number>>): boolean {
  const [low, high] = extentOf(lists) ?? [0, 0];
  return low >= 0 && high > 0;
}
