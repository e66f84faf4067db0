/** Figures on one page that needs no network. */

import { InputError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import type { PlotlyFigure } from "../figures/figure.ts";
import { figurePageScript } from "./client/script.ts";
import { base64, embedJson, Html, html } from "./escape.ts";
import { finite } from "./figure-html.ts";
import { bundleHash, contentPolicy, sourceHash } from "./policy.ts";
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
  checkOptions("figurePage", options, { title: true, theme: true });
  return figurePageWith(figures, plotly, options, []);
}

/** The same with further scripts, which run after the page's own: text of this project, never of a file. */
export function figurePageWith(
  figures: readonly PlotlyFigure[],
  plotly: Uint8Array,
  options: FigurePageOptions,
  further: readonly string[],
): string {
  if (figures.length === 0) throw new InputError("figurePage: needs at least one figure, got 0");
  const templates = { light: plotlyTemplate("light"), dark: plotlyTemplate("dark") };
  const theme = options.theme !== undefined && html` data-theme="${options.theme}"`;
  const places = figures.map((_, i) => html`<div class="plot" data-figure="${i}"></div>\n`);
  const style = styleOf(figures);
  const scripts = [figurePageScript(), ...further.map((text) => text.replaceAll("</", "<\\/"))];
  const policy = contentPolicy(
    [sourceHash(style), sourceHash("")],
    [...scripts.map(sourceHash), bundleHash(plotly)],
  );
  const page = html`<!doctype html>
<html lang="en"${theme}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="tinylens">
<title>${options.title ?? "tinylens"}</title>
<style>${new Html(style)}</style>
</head>
<body>
${places}<script type="application/json" id="figures">${embedJson(figures)}</script>
<script type="application/json" id="templates">${embedJson(templates)}</script>
<script type="text/plain" id="plotly">${base64(plotly)}</script>
${scripts.map((text) => html`<script>${new Html(text)}</script>\n`)}
</body>
</html>
`;
  return page.text;
}

function styleOf(figures: readonly PlotlyFigure[]): string {
  const sizes = figures.map(({ layout }, i) => {
    const width = finite(layout.width);
    const limit = width === undefined ? "" : ` max-width: ${width}px;`;
    return `[data-figure="${i}"] { height: ${finite(layout.height) ?? 420}px;${limit} }`;
  });
  return `
:root { color-scheme: light dark; ${themeVariables()} }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
body { margin: 1.5rem auto; max-width: 60rem; padding: 0 1rem; background: var(--page); color: var(--text); font-family: ${sans}; }
.plot { margin-bottom: 2rem; }
${sizes.join("\n")}
`;
}
