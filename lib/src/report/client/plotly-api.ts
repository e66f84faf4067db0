/** The part of Plotly that the page uses. */

import type { PageTrace } from "./csv.ts";

export interface PlotElement extends HTMLElement {
  readonly data: readonly PageTrace[];
  readonly layout: Readonly<Record<string, unknown>>;
}

export interface PlotlyApi {
  newPlot(element: HTMLElement, figure: Readonly<Record<string, unknown>>): Promise<PlotElement>;
  relayout(element: HTMLElement, change: object): Promise<unknown>;
  animate(element: HTMLElement, ...args: unknown[]): Promise<unknown>;
  downloadImage(figure: object, options: object): Promise<unknown>;
}
