/** One figure of the page: title, controls, drawing, caption, downloads. */

import { embedJson, escapeHtml } from "./escape.ts";
import { inlineMarkdown, plainText } from "./markdown.ts";
import type { ReportFigure } from "./report.ts";

/** HTML of a figure; drawn by the page's script when it comes into view. */
export function figureHtml(
  { id, title, see, figure }: ReportFigure,
  study: string,
  figures: ReadonlyMap<string, number>,
): string {
  const number = figures.get(id);
  const plain = escapeHtml(`Figure ${number}. ${plainText(title, figures)}`);
  const name = escapeHtml(`${study}-${id}`);
  const downloads = ["png", "svg", "csv", "json"]
    .map(
      (kind) =>
        `<button type="button" data-download="${kind}" data-name="${name}">${kind.toUpperCase()}</button>`,
    )
    .join("");
  return `<figure id="figure-${escapeHtml(id)}" data-figure="${escapeHtml(id)}" data-title="${plain}">
<div class="head"><h3><a href="#figure-${escapeHtml(id)}">Figure ${number}</a> ${inlineMarkdown(title, figures)}</h3>
<div class="downloads" role="group" aria-label="Download figure ${number}">${downloads}</div></div>
<div class="controls"></div>
<div class="canvas"><div class="plot" role="img" aria-label="${plain}. ${escapeHtml(plainText(see, figures))}" style="${sizeOf(figure.layout)}"></div></div>
<figcaption>${inlineMarkdown(see, figures)}</figcaption>
<script type="application/json" id="data-${escapeHtml(id)}">${embedJson(figure)}</script>
</figure>`;
}

/** Pixels that Plotly would need for a slider; the page has its own above the drawing. */
const sliderHeight = 110;

/**
 * A figure with a width keeps its proportions on narrow pages; others keep their height. One that would
 * become too narrow for its labels scrolls sideways.
 */
function sizeOf(layout: Readonly<Record<string, unknown>>): string {
  const drawn = typeof layout.height === "number" ? layout.height : 420;
  const height = drawn - (layout.sliders ? sliderHeight : 0);
  const { minWidth } = (layout.meta ?? {}) as { readonly minWidth?: unknown };
  const least = typeof minWidth === "number" ? `;min-width:${minWidth}px` : "";
  if (typeof layout.width !== "number") return `height:${height}px${least}`;
  return `max-width:${layout.width}px;aspect-ratio:${layout.width}/${height}${least}`;
}
