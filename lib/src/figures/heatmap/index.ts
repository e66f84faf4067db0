/** A matrix as colors; red–white–blue around zero unless `sequential`. */

import { colorAxis } from "../color-axis.ts";
import { figureFields, heatFields } from "../fields.ts";
import { defineFigure, type Figure, type PlotlyFigure } from "../figure.ts";
import { baseLayout, type FigureOptions, type Size } from "../figure-parts.ts";
import { type HeatOptions, heatAxes, heatTraces, isEqual, leastWidth } from "../heat.ts";
import { type Grid, gridOf, hasGap, type Matrix } from "../numbers.ts";

/** A matrix with its labels and colors. */
export interface HeatmapData extends FigureOptions, HeatOptions {
  /** "row column"; row 0 is at the top. */
  readonly z: Matrix;
}

/** A matrix as colors; red, white and blue around zero unless `sequential`. */
export const heatmap: Figure<HeatmapData> = defineFigure({
  name: "heatmap",
  fields: { ...figureFields, ...heatFields, z: true },
  examples: {
    signed: {
      z: Array.from({ length: 13 }, (_, k) =>
        Array.from({ length: 24 }, (_, n) => Math.cos((2 * Math.PI * k * n) / 24) / (1 + k)),
      ),
      xLabel: "token",
      yLabel: "frequency",
      valueLabel: "component",
    },
    named: {
      title: "Mean attention from “=”",
      z: [
        [0.5, 0.5, 0],
        [0.49, 0.49, 0.02],
        [0.48, 0.48, 0.04],
        [1 / 3, 1 / 3, 1 / 3],
      ],
      x: ["a", "b", "="],
      y: ["head 0", "head 1", "head 2", "head 3"],
      xLabel: "source",
      valueLabel: "attention",
      sequential: true,
      range: [0, 1],
      annotate: true,
      valueFormat: ".2f",
      height: 300,
    },
    gaps: {
      z: [
        [Number.NaN, 1, -2],
        [1, Number.NaN, 0.5],
        [-2, 0.5, Number.NaN],
      ],
      x: [5, 12, 30],
      y: [5, 12, 30],
      xLabel: "frequency",
      yLabel: "frequency",
    },
  },
  draw(data: HeatmapData): PlotlyFigure {
    const grid = gridOf("heatmap", data.z);
    const showsGaps = hasGap(grid.data);
    const axes = heatAxes("heatmap", grid, data, { xaxis: "x" });
    const place = { xaxis: "x", yaxis: "y", name: "" };
    return {
      data: heatTraces(grid, data, place, showsGaps),
      layout: {
        ...baseLayout(data, sizeOf(grid, data)),
        xaxis: axes.x,
        yaxis: axes.y,
        coloraxis: colorAxis([grid.data], data, showsGaps),
      },
    };
  },
});

function sizeOf(grid: Grid, data: HeatmapData): Size {
  const height = data.height ?? (isEqual(grid, data) ? 520 : 420);
  const minWidth = leastWidth(grid, data, 1);
  if (!isEqual(grid, data)) return { height, minWidth };
  const beside = 160;
  const below = 80;
  const width = beside + ((height - below) * grid.columns) / Math.max(grid.rows, 1);
  return { height, minWidth, width: Math.round(Math.min(Math.max(width, 320), 1000)) };
}
