/** Figures on one page that needs no network. */

import { InputError } from "../core/errors.ts";
import type { PlotlyFigure } from "../figures/figure.ts";
import { figurePageScript } from "./client/script.ts";
import { base64, embedJson, escapeHtml } from "./escape.ts";
import { plotlyTemplate, sans, type ThemeName, themeVariables } from "./theme.ts";

export type { PlotlyFigure };

/** How a page of figures looks. */
export interface FigurePageOptions {
  /** Title of the page; default "tinylens". */
  readonly title?: string;
  /** Default: the reader's system decides, light or dark. */
  readonly theme?: ThemeName;
}

/**
 * One HTML file with figures below each other. `plotly` is the source of the Plotly bundle, plain or
 * gzip-compressed (see `plotlyBundle` in `tinylens/report/node`). Throws `InputError` without figures.
 */
export function figurePage(
  figures: readonly PlotlyFigure[],
  plotly: Uint8Array,
  options: FigurePageOptions = {},
): string {
  if (figures.length === 0) throw new InputError("figurePage: needs at least one figure, got 0");
  const templates = { light: plotlyTemplate("light"), dark: plotlyTemplate("dark") };
  const theme = options.theme === undefined ? "" : ` data-theme="${options.theme}"`;
  const places = figures.map(({ layout }, i) => {
    const { width, height = 420 } = layout as { readonly width?: number; readonly height?: number };
    const limit = width === undefined ? "" : `;max-width:${width}px`;
    return `<div class="plot" data-figure="${i}" style="height:${height}px${limit}"></div>`;
  });
  return `<!doctype html>
<html lang="en"${theme}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="tinylens">
<title>${escapeHtml(options.title ?? "tinylens")}</title>
<style>
:root { color-scheme: light dark; ${themeVariables()} }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
body { margin: 1.5rem auto; max-width: 60rem; padding: 0 1rem; background: var(--page); color: var(--text); font-family: ${sans}; }
.plot { margin-bottom: 2rem; }
</style>
</head>
<body>
${places.join("\n")}
<script type="application/json" id="figures">${embedJson(figures)}</script>
<script type="application/json" id="templates">${embedJson(templates)}</script>
<script type="text/plain" id="plotly">${base64(plotly)}</script>
<script>${figurePageScript()}</script>
</body>
</html>
`;
}
