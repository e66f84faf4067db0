/** A grid of heat maps of equal shape with one color scale. */

import { ShapeError } from "../../core/errors.ts";
import { colorAxis } from "../color-axis.ts";
import { heatFields } from "../fields.ts";
import { defineFigure, type Figure, type PlotlyFigure } from "../figure.ts";
import {
  axisId,
  axisKey,
  baseLayout,
  type FigureOptions,
  type Json,
  margin,
  type Size,
} from "../figure-parts.ts";
import { type HeatOptions, heatAxes, heatTraces, isEqual, leastWidth } from "../heat.ts";
import { type Grid, gridOf, hasGap, type Matrix } from "../numbers.ts";
import { type Panel, type PanelGrid, panelGrid, panelTitle } from "../panels.ts";
import { plain, quoted, type Text } from "../text.ts";

/** Matrices of equal shape, a panel each. */
export interface FacetsData extends Pick<FigureOptions, "title">, HeatOptions {
  readonly panels: readonly { readonly title: Text; readonly z: Matrix }[];
  /** Default: up to 4. */
  readonly columns?: number;
  /** Pixels; default: square cells where they fit, else 180. */
  readonly panelHeight?: number;
}

/** A grid of heat maps with one color scale. */
export const facets: Figure<FacetsData> = defineFigure({
  name: "facets",
  fields: {
    ...heatFields,
    title: true,
    panels: { title: true, z: true },
    columns: true,
    panelHeight: true,
  },
  examples: {
    heads: {
      panels: [3, 5, 7, 11].map((k) => ({
        title: `head, frequency ${k}`,
        z: Array.from({ length: 16 }, (_, a) =>
          Array.from({ length: 16 }, (_, b) => Math.cos((2 * Math.PI * k * (a - b)) / 16) / k),
        ),
      })),
      columns: 2,
      xLabel: "b",
      yLabel: "a",
      valueLabel: "attention",
    },
    wide: {
      title: "Neurons",
      panels: [1, 2, 3].map((k) => ({
        title: `neuron ${k}`,
        z: Array.from({ length: 4 }, (_, a) =>
          Array.from({ length: 9 }, (_, b) => Math.max(0, Math.cos(k * (a + b)))),
        ),
      })),
      xLabel: "b",
      yLabel: "a",
      sequential: true,
    },
  },
  draw(data: FacetsData): PlotlyFigure {
    const grids = data.panels.map(({ title, z }) => gridOf(`facets ${quoted(title)}`, z));
    for (const [i, grid] of grids.entries()) {
      const [rows, columns] = [grids[0]?.rows ?? 0, grids[0]?.columns ?? 0];
      if (grid.rows !== rows || grid.columns !== columns) {
        const where = `facets ${quoted(data.panels[i]?.title ?? "")}`;
        throw new ShapeError(where, [rows, columns], [grid.rows, grid.columns]);
      }
    }
    const first = grids[0] ?? { rows: 1, columns: 1, data: [] };
    const { layout, size } = placed(data, first);
    const showsGaps = grids.some((grid) => hasGap(grid.data));
    return {
      data: grids.flatMap((grid, n) => {
        const name = plain(data.panels[n]?.title ?? "");
        const place = { xaxis: axisId("x", n), yaxis: axisId("y", n), name };
        return heatTraces(grid, data, place, showsGaps);
      }),
      layout: {
        ...baseLayout(data, size),
        ...Object.fromEntries(layout.panels.flatMap((panel, n) => axesOf(data, first, panel, n))),
        annotations: data.panels.map(({ title }, n) => panelTitle(title, n)),
        coloraxis: colorAxis(
          grids.map((grid) => grid.data),
          data,
          showsGaps,
          { y: layout.panels[0]?.y[1] ?? 1, yanchor: "top", len: Math.min(1, 340 / layout.height) },
        ),
      },
    };
  },
});

/** Square cells fix the width too; otherwise panels are 180 pixels high and fill the page. */
function placed(data: FacetsData, grid: Grid): { layout: PanelGrid; size: Size } {
  const columns = Math.min(data.columns ?? 4, Math.max(data.panels.length, 1));
  const equal = isEqual(grid, data);
  const panelWidth = Math.min(300, 820 / columns);
  const square = (panelWidth * grid.rows) / Math.max(grid.columns, 1);
  const panelHeight = data.panelHeight ?? (equal ? square : 180);
  const gaps = { row: 34, column: 0.03 };
  const layout = panelGrid("facets", data.panels.length, columns, panelHeight, gaps);
  const height = Math.round(layout.height + margin.t + margin.b + 18);
  const across = layout.columns;
  const minWidth = leastWidth(grid, data, across);
  if (!equal) return { layout, size: { height, minWidth } };
  const inner = (panelHeight * grid.columns) / Math.max(grid.rows, 1);
  const width = Math.round((inner * across) / (1 - 0.03 * (across - 1)) + 150);
  return { layout, size: { height, width, minWidth } };
}

/** An axis whose labels another panel carries. */
const bare: Json = { showticklabels: false, ticks: "" };

function axesOf(data: FacetsData, grid: Grid, panel: Panel, n: number): [string, Json][] {
  const axes = heatAxes("facets", grid, data, { xaxis: axisId("x", n) });
  const { title: xTitle, ...x } = axes.x;
  const { title: yTitle, scaleanchor, ...y } = axes.y;
  return [
    [
      axisKey("x", n),
      {
        ...x,
        ...(panel.isBottom && xTitle ? { title: xTitle } : {}),
        domain: panel.x,
        anchor: axisId("y", n),
        ...(panel.isBottom ? {} : bare),
        ...(n === 0 ? {} : { matches: "x" }),
      },
    ],
    [
      axisKey("y", n),
      {
        ...y,
        ...(panel.isLeft && yTitle ? { title: yTitle } : {}),
        domain: panel.y,
        anchor: axisId("x", n),
        ...(panel.isLeft ? {} : bare),
        ...(n === 0 ? (scaleanchor ? { scaleanchor } : {}) : { matches: "y" }),
      },
    ],
  ];
}
