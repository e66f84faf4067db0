/** Figures: plain numbers in, Plotly JSON out. */

import "../core/runtime.ts";
import * as all from "./all.ts";
import type { AnyFigure } from "./figure.ts";

all satisfies Record<string, AnyFigure>;

/** The exported name of a figure. */
export type FigureName = keyof typeof all;
export * as figures from "./all.ts";
export {
  type AnimationData,
  type AnimationPanel,
  animation,
  type HeatPanel,
  type LinePanel,
  type MovingSeries,
} from "./animation/index.ts";
export { type BarSeries, type BarsData, bars } from "./bars/index.ts";
export type { ColorOptions } from "./color-axis.ts";
export { diverging, neutral, palette, sequential } from "./colors.ts";
export { type EncodedArray, encodeGrid, encodeList } from "./encode.ts";
export { type FacetsData, facets } from "./facets/index.ts";
export type { AnyFigure, Figure, PlotlyFigure } from "./figure.ts";
export type { FigureOptions } from "./figure-parts.ts";
export type { HeatOptions, Labels } from "./heat.ts";
export { type HeatmapData, heatmap } from "./heatmap/index.ts";
export { type HistogramData, histogram } from "./histogram/index.ts";
export { type LineFacetsData, lineFacets } from "./line-facets/index.ts";
export { type LinesData, lines } from "./lines/index.ts";
export type { Mark } from "./log-axis.ts";
export { type Grid, gridOf, type Matrix, type Numbers } from "./numbers.ts";
export { type PointGroup, type ScatterData, scatter } from "./scatter/index.ts";
export { type LineSeries, rowSeries } from "./series.ts";
export {
  type FigureDisplay,
  jupyterDisplay,
  plotlyAddress,
  type ShownFigure,
  type ShowOptions,
  show,
} from "./show.ts";
export { type SignImageData, signImage } from "./sign-image/index.ts";
export { type Markup, markup, type Text } from "./text.ts";
