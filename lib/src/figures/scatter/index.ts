/** Named groups of points, with labels and, on request, the line y = x. */

import { InputError } from "../../core/errors.ts";
import { chartLayout } from "../chart.ts";
import { colorOf, neutral } from "../colors.ts";
import { encodeList } from "../encode.ts";
import { type FieldNames, figureFields, markFields } from "../fields.ts";
import { defineFigure, type Figure, type PlotlyFigure } from "../figure.ts";
import type { FigureOptions, Json } from "../figure-parts.ts";
import type { Mark } from "../log-axis.ts";
import { extentOf, listOf, type Numbers } from "../numbers.ts";
import { pointsOf } from "../series.ts";
import { plain, quoted, type Text } from "../text.ts";

/** Points of one color and one line of the legend. */
export interface PointGroup {
  readonly name: Text;
  readonly x: Numbers;
  readonly y: Numbers;
  /** One per point; shown on hover. */
  readonly labels?: readonly Text[];
}

/** Groups of points. */
export interface ScatterData extends FigureOptions {
  readonly groups: readonly PointGroup[];
  readonly xLabel?: Text;
  readonly yLabel?: Text;
  /** Write the labels beside the points; default false. */
  readonly showLabels?: boolean;
  /** Draw y = x over the range of the data; default false. */
  readonly diagonal?: boolean;
  readonly logX?: boolean;
  readonly logY?: boolean;
  readonly references?: readonly Mark[];
  readonly markers?: readonly Mark[];
}

const frequencies = [5, 12, 30, 33, 34, 49];

/** Named groups of points, with labels and, on request, the line y = x. */
export const scatter: Figure<ScatterData> = defineFigure({
  name: "scatter",
  fields: {
    ...figureFields,
    groups: { name: true, x: true, y: true, labels: true } satisfies FieldNames<PointGroup>,
    xLabel: true,
    yLabel: true,
    showLabels: true,
    diagonal: true,
    logX: true,
    logY: true,
    references: markFields,
    markers: markFields,
  },
  examples: {
    diagonal: {
      groups: [
        {
          name: "key frequencies",
          x: frequencies.map((k) => Math.sqrt(k)),
          y: frequencies.map((k) => Math.sqrt(k) + 0.3 * Math.cos(k)),
          labels: frequencies.map((k) => `k = ${k}`),
        },
        { name: "others", x: [0.4, 0.5, 0.9], y: [0.6, 0.2, 1.1], labels: ["1", "2", "3"] },
      ],
      xLabel: "norm of cos k",
      yLabel: "norm of sin k",
      showLabels: true,
      diagonal: true,
    },
  },
  draw(data: ScatterData): PlotlyFigure {
    const xs = data.groups.map(({ x }) => listOf("scatter", x));
    const ys = data.groups.map(({ y }) => listOf("scatter", y));
    const { logX = false, logY = false, markers = [], references = [] } = data;
    const diagonal = data.diagonal ? diagonalOf([...xs, ...ys]) : [];
    return {
      data: [...diagonal, ...data.groups.map((group, i) => traceOf(data, group, i))],
      layout: {
        ...chartLayout(data, {
          x: { letter: "x", label: data.xLabel, log: logX, values: xs, marks: markers },
          y: { letter: "y", label: data.yLabel, log: logY, values: ys, marks: references },
          height: data.height ?? 460,
          entries: data.groups.length + diagonal.length,
        }),
        hovermode: "closest",
      },
    };
  },
});

function traceOf(data: ScatterData, group: PointGroup, i: number): Json {
  const points = pointsOf(`scatter ${quoted(group.name)}`, group.x, group.y);
  const count = listOf("scatter", group.x).length;
  if (group.labels && group.labels.length !== count) {
    throw new InputError(
      `scatter ${quoted(group.name)}: needs one label for each of ${count} points, got ${group.labels.length}`,
    );
  }
  return {
    type: "scatter",
    mode: data.showLabels && group.labels ? "markers+text" : "markers",
    name: plain(group.name),
    ...points,
    marker: { color: colorOf(i, data.groups.length), size: count > 200 ? 5 : 8, opacity: 0.85 },
    ...(group.labels
      ? {
          text: group.labels.map(plain),
          textposition: "top center",
          textfont: { size: 12 },
          hovertemplate: "%{text}<br>%{x:.4g}, %{y:.4g}<extra>%{fullData.name}</extra>",
        }
      : {}),
  };
}

/**
 * The line y = x over the range of all numbers. As a trace of many points it is right on every pair of
 * axes: straight where both have one scale, curved where one is logarithmic.
 */
function diagonalOf(lists: readonly ArrayLike<number>[]): Json[] {
  const range = extentOf(lists);
  if (!range) return [];
  const [low, high] = range;
  const count = 64;
  const positive = extentOf(lists.map((list) => Array.from(list).filter((value) => value > 0)));
  const [first, ratio] = positive ? [positive[0], high / positive[0]] : [high, 1];
  const even = Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
  const within = even.filter((value) => value <= 0 || value >= first);
  const steep = Array.from({ length: count }, (_, i) => first * ratio ** (i / (count - 1)));
  const places = encodeList(Float64Array.from([...within, ...steep]).sort());
  return [
    {
      type: "scatter",
      mode: "lines",
      name: "y = x",
      x: places,
      y: places,
      line: { color: neutral, width: 1.25, dash: "dash" },
      hoverinfo: "skip",
      meta: { export: false },
    },
  ];
}
