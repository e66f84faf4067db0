/** Runs in a page of figures: draws each, in light or dark. Embedded like the functions of `csv.ts`. */

import type { PlotlyApi } from "./plotly-api.ts";

/** What `page.ts` offers. */
export interface FigurePageParts {
  textOf(id: string): string;
  loadPlotly(): Promise<PlotlyApi>;
  themeNow(): string;
}

/** Draw every figure; `data-state` of the page says "drawn" or "failed". */
export async function drawFigures(parts: FigurePageParts): Promise<void> {
  const root = document.documentElement;
  try {
    const plotly = await parts.loadPlotly();
    const templates = JSON.parse(parts.textOf("templates"));
    const figures = JSON.parse(parts.textOf("figures"));
    const places = [...document.querySelectorAll<HTMLElement>("[data-figure]")];
    for (const [i, place] of places.entries()) {
      const { data, layout, frames = [] } = figures[i];
      const config = { responsive: true, displaylogo: false, showSendToCloud: false };
      const template = templates[parts.themeNow()];
      await plotly.newPlot(place, { data, frames, layout: { ...layout, template }, config });
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      const template = templates[parts.themeNow()];
      for (const place of places) void plotly.relayout(place, { template });
    });
    root.dataset.state = "drawn";
  } catch (error) {
    root.dataset.state = "failed";
    document.body.append(`This browser could not draw the figures: ${error}`);
  }
}

/** The functions of this file, to embed. */
export const figureFunctions = [drawFigures] as const;
