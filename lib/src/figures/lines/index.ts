/** Named lines over a common x axis, with buttons for logarithmic axes. */

import { chartLayout } from "../chart.ts";
import { figureFields, lineFields, markFields } from "../fields.ts";
import { defineFigure, type Figure, type PlotlyFigure } from "../figure.ts";
import type { FigureOptions } from "../figure-parts.ts";
import type { Mark } from "../log-axis.ts";
import { listOf, type Numbers } from "../numbers.ts";
import { type LineSeries, lineTrace, placesOf, rowSeries } from "../series.ts";
import type { Text } from "../text.ts";

/** Lines over a common x axis. */
export interface LinesData extends FigureOptions {
  /** For the rows of a matrix: `rowSeries(matrix, names)`. */
  readonly series: readonly LineSeries[];
  /** For series without their own; default 0, 1, …. */
  readonly x?: Numbers;
  readonly xLabel?: Text;
  readonly yLabel?: Text;
  /** x numbers things (frequencies, neurons): no button for a logarithmic axis. Default false. */
  readonly xIsIndex?: boolean;
  /** Logarithmic at first; the reader can switch. Default false. */
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** Dashed horizontal lines. */
  readonly references?: readonly Mark[];
  /** Dotted vertical lines. */
  readonly markers?: readonly Mark[];
}

const steps = Array.from({ length: 41 }, (_, i) => 400 * i);

/** Named lines, with buttons for logarithmic axes. */
export const lines: Figure<LinesData> = defineFigure({
  name: "lines",
  fields: {
    xIsIndex: true,
    ...figureFields,
    series: lineFields,
    x: true,
    xLabel: true,
    yLabel: true,
    logX: true,
    logY: true,
    references: markFields,
    markers: markFields,
  },
  examples: {
    losses: {
      x: steps,
      series: [
        { name: "train", y: steps.map((step) => 4.73 * Math.exp(-step / 700) + 1e-7) },
        { name: "test", y: steps.map((step) => 1e-7 + 20 / (1 + Math.exp((step - 9000) / 500))) },
        {
          name: "train, as printed in the notebook",
          x: [0, 4000, 8000, 12000, 16000],
          y: [4.73, 0.02, 6e-5, 3e-7, 1.2e-7],
          faint: true,
          points: "with line",
          color: 0,
        },
      ],
      xLabel: "step",
      yLabel: "loss (nats)",
      logY: true,
      references: [{ value: Math.log(113), label: "uniform guess, ln 113" }],
      markers: [{ value: 9000, label: "groks" }],
    },
    rows: {
      title: "Singular vectors",
      series: rowSeries(
        Array.from({ length: 12 }, (_, k) =>
          Array.from({ length: 9 }, (_, n) => Math.sin((Math.PI * (k + 1) * (n + 1)) / 10)),
        ),
      ),
      xLabel: "token",
      yLabel: "component",
    },
  },
  draw(data: LinesData): PlotlyFigure {
    const count = data.series.length;
    const { logX = false, logY = false, markers = [], references = [] } = data;
    const xs = data.series.map(({ x, y }) => placesOf("lines", x ?? data.x, y));
    const ys = data.series.map(({ y }) => listOf("lines", y));
    return {
      data: data.series.map((series, index) =>
        lineTrace("lines", series, data.x, { index, count }),
      ),
      layout: {
        ...chartLayout(data, {
          x: {
            ...{ letter: "x", label: data.xLabel, log: logX, values: xs, marks: markers },
            index: data.xIsIndex ?? false,
          },
          y: { letter: "y", label: data.yLabel, log: logY, values: ys, marks: references },
          height: data.height ?? 420,
          entries: count,
        }),
        hovermode: count > 8 ? "closest" : "x unified",
      },
    };
  },
});
