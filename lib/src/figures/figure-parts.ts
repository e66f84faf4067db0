/** Layout that every figure has in common. No colors of page or text: those are the page's. */

import { plain, type Text } from "./text.ts";

/** A part of a Plotly figure. */
export type Json = Readonly<Record<string, unknown>>;

/** Options of every figure. */
export interface FigureOptions {
  readonly title?: Text;
  /** Pixels; each figure has a sensible default. */
  readonly height?: number;
}

export interface Size {
  readonly height: number;
  /** Pixels that the figure needs for its labels; narrower pages scroll sideways. */
  readonly minWidth?: number;
  /** Only for figures with a fixed aspect ratio; others fill the page. */
  readonly width?: number;
}

/** Pixels around the axes; ticks, legends and controls push them further by themselves. */
export const margin = { l: 56, r: 16, t: 12, b: 44 } as const;

/** Pixels of the axes of a figure that is `height` pixels high, without title and legend. */
export function baseHeight(height: number): number {
  return Math.max(height - margin.t - margin.b, 50);
}

/** Pixels from the top of a figure to the end of its title. */
function titleRoom(title: Text | undefined): number {
  if (title === undefined || plain(title) === "") return 0;
  const lines = plain(title).split(/<br\s*\/?>/i).length;
  return 20 + 21 * lines;
}

/**
 * Size, margins, title, and a legend of `entries` names. The title has its room in the margin, since
 * Plotly 4.1 moves the axes but not what is drawn on them when `title.automargin` is set. The legend
 * hangs below the title and pushes the axes down, by however many lines it has.
 */
export function baseLayout(options: FigureOptions, size: Size, entries = 0): Json {
  const room = titleRoom(options.title);
  const text = options.title === undefined ? "" : plain(options.title);
  const title = {
    text,
    x: 0,
    xanchor: "left",
    yref: "container",
    y: 1,
    yanchor: "top",
    pad: { t: 12, l: 12 },
  };
  const { minWidth, ...fixed } = size;
  return {
    ...(room > 0 ? { title } : {}),
    ...fixed,
    ...(minWidth === undefined ? {} : { meta: { minWidth: Math.round(minWidth) } }),
    margin: { ...margin, t: margin.t + room },
    hoverlabel: { namelength: -1 },
    ...legend(entries, 1 - room / size.height),
  };
}

/** A legend whose top is at `top` of the figure's height, or at the right when it is long. */
function legend(entries: number, top: number): Json {
  if (entries < 2) return { showlegend: false };
  if (entries > mostAbove) return { showlegend: true };
  return {
    showlegend: true,
    legend: { orientation: "h", x: 0, xanchor: "left", yref: "container", y: top, yanchor: "top" },
  };
}

const mostAbove = 10;

/** The share of the axes' height that stays free below a legend that stands above them. */
export function legendGap(entries: number, height: number): number {
  return entries < 2 || entries > mostAbove ? 0 : 6 / baseHeight(height);
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

/** A linear or log axis for numbers: 16,000 and 0.0001, but 10⁶ and 10⁻⁶. `title` is pseudo-HTML. */
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
