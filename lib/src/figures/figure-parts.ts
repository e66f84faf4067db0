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
export const margin = { l: 56, r: 16, t: 12, b: 44 } as const;

/** The same with room for the titles of panels. */
export const panelMargin = { ...margin, t: 24 } as const;

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
  if (entries > 10) return { showlegend: true };
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

/**
 * Attributes of an axis that depend on its scale. Plotly draws the powers of ten of a log axis a
 * quarter larger than asked.
 */
export const scales = {
  linear: { type: "linear", tickfont: { size: 12 } },
  log: { type: "log", tickfont: { size: 9.6 } },
} as const;

/** A linear or log axis for numbers: 16,000 and 0.0001, but 10⁶ and 10⁻⁶. */
export function numberAxis(title: string | undefined, log = false): Json {
  return {
    ...(title === undefined ? {} : { title: { text: title } }),
    ...(log ? scales.log : scales.linear),
    automargin: true,
    exponentformat: "power",
    minexponent: 5,
    separatethousands: true,
  };
}
