/** A grid of line charts with common axes; a series keeps its color in every panel. */

import { lineFields } from "../fields.ts";
import { defineFigure, type Figure, type PlotlyFigure } from "../figure.ts";
import {
  axisId,
  axisKey,
  baseLayout,
  type FigureOptions,
  type Json,
  margin,
} from "../figure-parts.ts";
import { type AxisContent, logToggles, valueAxis } from "../log-axis.ts";
import { listOf, type Numbers } from "../numbers.ts";
import { type Panel, panelGrid, panelTitle } from "../panels.ts";
import { type LineSeries, lineTrace, placesOf } from "../series.ts";
import { plain, quoted, type Text } from "../text.ts";

/** Line charts with common axes, a panel each. */
export interface LineFacetsData extends Pick<FigureOptions, "title"> {
  readonly panels: readonly { readonly title: Text; readonly series: readonly LineSeries[] }[];
  /** Default: up to 3. */
  readonly columns?: number;
  /** Pixels; default 180. */
  readonly panelHeight?: number;
  readonly x?: Numbers;
  readonly xLabel?: Text;
  readonly yLabel?: Text;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** One y range for all panels; default true. */
  readonly shareY?: boolean;
}

/** A grid of line charts; a series keeps its color in every panel. */
export const lineFacets: Figure<LineFacetsData> = defineFigure({
  name: "lineFacets",
  fields: {
    title: true,
    panels: { title: true, series: lineFields },
    columns: true,
    panelHeight: true,
    x: true,
    xLabel: true,
    yLabel: true,
    logX: true,
    logY: true,
    shareY: true,
  },
  examples: {
    frequencies: {
      panels: [1, 2, 3, 5].map((k) => ({
        title: `frequency ${k}`,
        series: ["cos", "sin"].map((name, phase) => ({
          name,
          y: Array.from({ length: 20 }, (_, n) =>
            Math.cos((2 * Math.PI * k * n) / 20 - (phase * Math.PI) / 2),
          ),
        })),
      })),
      columns: 2,
      xLabel: "token",
      yLabel: "component",
    },
  },
  draw(data: LineFacetsData): PlotlyFigure {
    const panelHeight = data.panelHeight ?? 180;
    const grid = panelGrid("lineFacets", data.panels.length, data.columns ?? 3, panelHeight, {
      row: 44,
      column: data.shareY === false ? 0.08 : 0.03,
    });
    const names = [
      ...new Set(data.panels.flatMap(({ series }) => series.map(({ name }) => plain(name)))),
    ];
    const [x, y] = [contentOf(data, "x"), contentOf(data, "y")];
    const height = grid.height + margin.t + margin.b + 60;
    const on = (letter: "x" | "y", keep: (panel: Panel) => boolean) =>
      grid.panels.flatMap((panel, n) => (keep(panel) ? [axisKey(letter, n)] : []));
    return {
      data: tracesOf(data, names),
      layout: {
        ...baseLayout(data, { height, minWidth: 80 + 120 * grid.columns }, names.length),
        ...Object.fromEntries(grid.panels.flatMap((panel, n) => axesOf(data, [x, y], panel, n))),
        annotations: data.panels.map(({ title }, n) => panelTitle(title, n)),
        updatemenus: logToggles([
          { content: x, axes: on("x", () => true), titled: on("x", ({ isBottom }) => isBottom) },
          { content: y, axes: on("y", () => true), titled: on("y", ({ isLeft }) => isLeft) },
        ]),
      },
    };
  },
});

function contentOf(data: LineFacetsData, letter: "x" | "y"): AxisContent {
  const series = data.panels.flatMap((panel) => panel.series);
  const [label, log] = letter === "x" ? [data.xLabel, data.logX] : [data.yLabel, data.logY];
  const values = series.map(({ x, y }) =>
    letter === "x" ? placesOf("lineFacets", x ?? data.x, y) : listOf("lineFacets", y),
  );
  return { letter, label, log: log ?? false, values, marks: [] };
}

function tracesOf(data: LineFacetsData, names: readonly string[]): Json[] {
  const shown = new Set<string>();
  return data.panels.flatMap(({ title, series }, n) =>
    series.map((one) => {
      const name = plain(one.name);
      const isFirst = !shown.has(name);
      shown.add(name);
      return {
        ...lineTrace(`lineFacets ${quoted(title)}`, one, data.x, {
          index: names.indexOf(name),
          count: names.length,
          xaxis: axisId("x", n),
          yaxis: axisId("y", n),
        }),
        legendgroup: name,
        showlegend: isFirst,
        meta: { panel: plain(title) },
      };
    }),
  );
}

function axesOf(
  data: LineFacetsData,
  [xContent, yContent]: readonly [AxisContent, AxisContent],
  panel: Panel,
  n: number,
): [string, Json][] {
  const showY = panel.isLeft || data.shareY === false;
  const x = {
    ...valueAxis(xContent, panel.isBottom),
    domain: panel.x,
    anchor: axisId("y", n),
    showticklabels: panel.isBottom,
    ...(n === 0 ? {} : { matches: "x" }),
  };
  const y = {
    ...valueAxis(yContent, panel.isLeft),
    domain: panel.y,
    anchor: axisId("x", n),
    showticklabels: showY,
    ...(n === 0 || data.shareY === false ? {} : { matches: "y" }),
  };
  return [
    [axisKey("x", n), x],
    [axisKey("y", n), y],
  ];
}
