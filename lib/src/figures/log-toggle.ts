/** Buttons that switch axes between linear and logarithmic. */

import type { Json } from "./figure-parts.ts";

/** A set of axes that one button switches. */
export interface Toggle {
  readonly letter: "x" | "y";
  /** Layout keys, e.g. `["xaxis", "xaxis2"]`. */
  readonly axes: readonly string[];
  /** Whether they are logarithmic at first. */
  readonly log: boolean;
}

/** One Plotly button menu per toggle, right above the axes; pressed means logarithmic. */
export function logToggles(toggles: readonly Toggle[]): Json[] {
  return toggles.map(({ letter, axes, log }, i) => ({
    type: "buttons",
    active: log ? 0 : -1,
    x: 1 - 0.09 * (toggles.length - 1 - i),
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

function typeOf(axes: readonly string[], type: "log" | "linear"): Json {
  return Object.fromEntries(
    axes.flatMap((axis) => [
      [`${axis}.type`, type],
      [`${axis}.autorange`, true],
    ]),
  );
}
