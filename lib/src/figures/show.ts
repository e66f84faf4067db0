/** Figures in notebooks: one object that Deno's Jupyter kernel displays. */

import { checkOptions } from "../core/options.ts";
import type { PlotlyFigure } from "./figure.ts";
import { readableText } from "./text.ts";

/** The method by which Deno's kernel asks a value how it looks. */
export const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display");

/** Representations by MIME type, of which a notebook shows the richest it knows. */
export interface FigureDisplay {
  /** For JupyterLab with Plotly's extension, and VS Code. */
  readonly "application/vnd.plotly.v1+json": PlotlyFigure;
  /** For every other page: draws with the script at `plotly`. */
  readonly "text/html": string;
  readonly "text/plain": string;
}

/** A figure that shows itself as the value of a notebook cell. */
export interface ShownFigure {
  readonly figure: PlotlyFigure;
  readonly [jupyterDisplay]: () => FigureDisplay;
}

/** How a figure is shown outside of JupyterLab and VS Code. */
export interface ShowOptions {
  /**
   * Address of Plotly's script for pages that cannot draw Plotly JSON by themselves; default: the
   * cartesian bundle at jsDelivr. Fetched once per page, and only when a page needs it.
   */
  readonly plotly?: string;
}

/** The bundle of the version that reports use. */
export const plotlyAddress =
  "https://cdn.jsdelivr.net/npm/plotly.js-cartesian-dist-min@4.1.1/plotly-cartesian.min.js";

/** Show a figure in a notebook: `show(heatmap({ z }))` as the last line of a cell. */
export function show(figure: PlotlyFigure, options: ShowOptions = {}): ShownFigure {
  checkOptions("show", options, { plotly: true });
  const address = options.plotly ?? plotlyAddress;
  return {
    figure,
    [jupyterDisplay]: () => ({
      "application/vnd.plotly.v1+json": figure,
      "text/html": htmlOf(figure, address),
      "text/plain": plainOf(figure),
    }),
  };
}

function plainOf({ data, layout }: PlotlyFigure): string {
  const { title } = layout as { readonly title?: { readonly text?: string } };
  const traces = data.length === 1 ? "1 trace" : `${data.length} traces`;
  return title?.text === undefined
    ? `Figure (${traces})`
    : `Figure "${readableText(title.text)}" (${traces})`;
}

/** Scripts of one page share the loading of Plotly; each draws the places that hold its figure. */
function htmlOf(figure: PlotlyFigure, address: string): string {
  const json = safe(figure);
  const key = fnv1a(json);
  const { width, height } = figure.layout as { readonly width?: number; readonly height?: number };
  const size = `${width === undefined ? "" : `max-width:${width}px;`}height:${height ?? 420}px`;
  return `<div data-tinylens-figure="${key}" style="${size}"></div>
<script>(async () => {
const places = document.querySelectorAll('[data-tinylens-figure="${key}"]:empty');
const load = () => new Promise((resolve, reject) => {
  const { define } = window;
  const script = document.createElement("script");
  const done = (settle) => () => { window.define = define; settle(window.Plotly); };
  window.define = undefined;
  script.onload = done(resolve);
  script.onerror = done(reject);
  script.src = ${safe(address)};
  document.head.append(script);
});
try {
  const Plotly = window.Plotly ?? await (window.tinylensPlotly ??= load());
  const { data, layout, frames } = ${json};
  const config = { responsive: true, displaylogo: false, showSendToCloud: false };
  for (const place of places) {
    await Plotly.newPlot(place, { data, layout, frames, config });
    place.dataset.drawn = "";
  }
} catch {
  for (const place of places) place.textContent = "This figure needs " + ${safe(address)};
}
})()</script>`;
}

/** JSON for a script: no `<`, so neither `</script>` nor `<!--`. */
function safe(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** 32-bit FNV-1a of the UTF-16 codes, in hexadecimal. */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
