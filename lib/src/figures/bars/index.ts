/** Bars of one or several series over categories. */

import { InputError } from "../../core/errors.ts";
import { chartLayout } from "../chart.ts";
import { colorOf, neutral } from "../colors.ts";
import { encodeList } from "../encode.ts";
import { type FieldNames, figureFields, markFields } from "../fields.ts";
import { defineFigure, type Figure, type PlotlyFigure } from "../figure.ts";
import type { FigureOptions, Json } from "../figure-parts.ts";
import { distinct, titleOf } from "../heat.ts";
import type { Mark } from "../log-axis.ts";
import { listOf, type Numbers } from "../numbers.ts";
import { markup, plain, quoted, type Text } from "../text.ts";

/** One bar per category. */
export interface BarSeries {
  readonly name: Text;
  readonly values: Numbers;
  /** Half-lengths of error bars. */
  readonly errors?: Numbers;
}

/** Series of bars over common categories. */
export interface BarsData extends FigureOptions {
  readonly categories: readonly (Text | number)[];
  readonly series: readonly BarSeries[];
  readonly xLabel?: Text;
  readonly yLabel?: Text;
  /** Categories that stand out by color and, with `labels`, by name; the others turn grey. For one series. */
  readonly highlight?: readonly (Text | number)[];
  /** Name the highlighted categories above their bars; default true. */
  readonly labels?: boolean;
  /** On top of each other instead of side by side; default false. */
  readonly stacked?: boolean;
  readonly references?: readonly Mark[];
}

/** Bars of one or several series over categories. */
export const bars: Figure<BarsData> = defineFigure({
  name: "bars",
  fields: {
    ...figureFields,
    categories: true,
    series: { name: true, values: true, errors: true } satisfies FieldNames<BarSeries>,
    xLabel: true,
    yLabel: true,
    highlight: true,
    labels: true,
    stacked: true,
    references: markFields,
  },
  examples: {
    highlight: {
      categories: Array.from({ length: 57 }, (_, k) => k),
      series: [
        {
          name: "norm",
          values: Array.from({ length: 57 }, (_, k) =>
            [5, 12, 30, 33, 34, 49].includes(k)
              ? 1.6 + 0.2 * Math.sin(k)
              : 0.2 + 0.05 * Math.cos(k),
          ),
        },
      ],
      highlight: [5, 12, 30, 33, 34, 49],
      xLabel: "frequency",
      yLabel: "norm of the embedding",
      references: [{ value: 0.8, label: "threshold" }],
    },
    models: {
      categories: [markup`W<sub>E</sub>`, markup`W<sub>U</sub>`, "neurons"],
      series: [
        { name: "full precision", values: [0.97, 0.99, 0.93], errors: [0.01, 0.005, 0.02] },
        { name: "binary", values: [0.52, 0.88, 0.41], errors: [0.02, 0.02, 0.04] },
        { name: "ternary", values: [0.61, 0.9, 0.55], errors: [0.02, 0.02, 0.04] },
      ],
      yLabel: "share in key frequencies",
    },
  },
  draw(data: BarsData): PlotlyFigure {
    const values = data.series.map((series) => listOf("bars", series.values));
    const places = Array.from({ length: data.categories.length }, (_, i) => i);
    const { xaxis, yaxis, ...layout } = chartLayout(
      data,
      {
        x: { letter: "x", label: data.xLabel, log: false, values: [places], marks: [] },
        y: {
          letter: "y",
          label: data.yLabel,
          log: false,
          values: [...values, [0]],
          marks: data.references ?? [],
        },
        height: data.height ?? 380,
        entries: data.series.length,
      },
      false,
    );
    const names = {
      ...titleOf(data.xLabel),
      type: "category",
      automargin: true,
      tickangle: "auto",
    };
    return {
      data: data.series.map((series, i) => traceOf(data, series, i)),
      layout: {
        ...layout,
        barmode: data.stacked ? "stack" : "group",
        bargap: data.categories.length > 30 ? 0.15 : 0.3,
        xaxis: isNumeric(data.categories) ? xaxis : names,
        yaxis: { ...(yaxis as Json), rangemode: "tozero" },
      },
    };
  },
});

/** Consecutive integers are an axis of numbers; anything else is an axis of names. */
function isNumeric(categories: BarsData["categories"]): categories is readonly number[] {
  return categories.every(
    (value, i) => Number.isInteger(value) && value === (categories[0] as number) + i,
  );
}

function traceOf(data: BarsData, series: BarSeries, i: number): Json {
  const where = `bars ${quoted(series.name)}`;
  const values = listOf(where, series.values);
  if (values.length !== data.categories.length) {
    throw new InputError(
      `${where}: needs one value for each of ${data.categories.length} categories, got ${values.length}`,
    );
  }
  const color = colorOf(i, data.series.length);
  const stands = data.highlight && new Set(data.highlight.map(plain));
  return {
    type: "bar",
    name: plain(series.name),
    x: isNumeric(data.categories)
      ? encodeList(data.categories)
      : distinct(data.categories.map(plain)),
    y: encodeList(values),
    marker: {
      color: stands
        ? data.categories.map((name) => (stands.has(plain(name)) ? color : neutral))
        : color,
      line: { width: 0 },
    },
    ...(stands && data.labels !== false
      ? {
          text: data.categories.map((name) => (stands.has(plain(name)) ? plain(name) : "")),
          textposition: "outside",
          textangle: 0,
          textfont: { size: 12 },
          constraintext: "none",
          cliponaxis: false,
        }
      : {}),
    ...(series.errors
      ? {
          error_y: {
            array: encodeList(listOf(where, series.errors)),
            color: neutral,
            thickness: 1.5,
            width: 3,
          },
        }
      : {}),
    hovertemplate: "%{x}: %{y:.4g}<extra>%{fullData.name}</extra>",
  };
}
