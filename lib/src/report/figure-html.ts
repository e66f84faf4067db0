/** One figure of the page: title, controls, drawing, caption, downloads. */

import { embedJson, type Html, html } from "./escape.ts";
import { inlineMarkdown, plainText } from "./markdown.ts";
import type { ReportFigure } from "./report.ts";

/** HTML of a figure; drawn by the page's script when it comes into view. */
export function figureHtml(
  { id, title, see, figure, folded }: ReportFigure,
  study: string,
  figures: ReadonlyMap<string, number>,
): Html {
  const number = figures.get(id);
  const plain = `Figure ${number}. ${plainText(title, figures)}`;
  const downloads = ["png", "svg", "csv", "json"].map(
    (kind) =>
      html`<button type="button" data-download="${kind}" data-name="${study}-${id}">${kind.toUpperCase()}</button>`,
  );
  const drawing = html`<figure id="figure-${id}" data-figure="${id}" data-title="${plain}">
<div class="head"><h3><a href="#figure-${id}">Figure ${number}</a> ${inlineMarkdown(title, figures)}</h3>
<div class="downloads" role="group" aria-label="Download figure ${number}">${downloads}</div></div>
<div class="controls"></div>
<div class="canvas"><div class="plot" role="img" aria-label="${plain}. ${plainText(see, figures)}"></div></div>
<figcaption>${inlineMarkdown(see, figures)}</figcaption>
<script type="application/json" id="data-${id}">${embedJson(figure)}</script>
</figure>`;
  if (!folded) return drawing;
  return html`<details class="more"><summary>${plain}</summary>
${drawing}
</details>`;
}

/** Pixels that Plotly would need for a slider; the page has its own above the drawing. */
const sliderHeight = 110;

/**
 * The rule of the style sheet that gives a figure its size. One with a width keeps its proportions on
 * narrow pages; others keep their height. One that would become too narrow for its labels scrolls
 * sideways.
 */
export function figureRule({ id, figure: { layout } }: ReportFigure): string {
  const drawn = finite(layout.height) ?? 420;
  const height = drawn - (layout.sliders ? sliderHeight : 0);
  const width = finite(layout.width);
  const least = finite((layout.meta as { readonly minWidth?: unknown } | undefined)?.minWidth);
  const size = [
    ...(width === undefined
      ? [`height: ${height}px`]
      : [`max-width: ${width}px`, `aspect-ratio: ${width} / ${height}`]),
    ...(least === undefined ? [] : [`min-width: ${least}px`]),
  ];
  return `[data-figure="${id}"] .plot { ${size.join("; ")}; }`;
}

/** The number, or undefined for whatever else a layout holds. */
export function finite(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
