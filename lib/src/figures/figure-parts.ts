/** Layout that every figure has in common. No colours of page or text: those are the page's. */

/** A part of a Plotly figure. */
export type Json = Readonly<Record<string, unknown>>;

/** Options of every figure. Texts may hold Plotly's tags b, i, sub, sup and br. */
export interface FigureOptions {
  readonly title?: string;
  /** Pixels; each figure has a sensible default. */
  readonly height?: number;
}

export interface Size {
  readonly height: number;
  /** Only for figures with a fixed aspect ratio; others fill the page. */
  readonly width?: number;
}

/** Pixels around the axes; titles, ticks, legends and controls push them further by themselves. */
export const margin = { l: 56, r: 16, t: 20, b: 44 } as const;

/** Size, margins and title. */
export function baseLayout(options: FigureOptions, size: Size): Json {
  const title = options.title
    ? {
        title: {
          text: options.title,
          x: 0,
          xanchor: "left",
          yref: "container",
          y: 1,
          yanchor: "top",
          pad: { t: 12, b: 12, l: 12 },
          automargin: true,
        },
      }
    : {};
  return { ...title, ...size, margin };
}

/** A legend `lift` axis heights above the axes, or at the right when it is long. */
export function legend(entries: number, lift = 0.02): Json {
  if (entries < 2) return { showlegend: false };
  if (entries > 10) return { showlegend: true, legend: { tracegroupgap: 0 } };
  return {
    showlegend: true,
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + lift, yanchor: "bottom" },
  };
}

/** Name of the n-th axis (from 0) in a trace, `x2`, and in a layout, `xaxis2`. */
export function axisId(letter: "x" | "y", n: number): string {
  return n === 0 ? letter : `${letter}${n + 1}`;
}

export function axisKey(letter: "x" | "y", n: number): string {
  return n === 0 ? `${letter}axis` : `${letter}axis${n + 1}`;
}

/** A linear or log axis for numbers. `title` is left out when undefined. */
export function numberAxis(title: string | undefined, log = false): Json {
  return {
    ...(title === undefined ? {} : { title: { text: title } }),
    type: log ? "log" : "linear",
    automargin: true,
    exponentformat: "power",
  };
}
