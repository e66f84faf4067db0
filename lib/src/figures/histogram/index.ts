/** How often values fall into equal bins, counted here: the figure holds the counts. */

import { InputError } from "../../core/errors.ts";
import { chartLayout } from "../chart.ts";
import { colorOf } from "../colors.ts";
import { encodeList } from "../encode.ts";
import { figureFields, markFields } from "../fields.ts";
import { defineFigure, type Figure, type PlotlyFigure } from "../figure.ts";
import type { FigureOptions, Json } from "../figure-parts.ts";
import type { Mark } from "../log-axis.ts";
import { extentOf, listOf, type Numbers } from "../numbers.ts";
import { plain, quoted, type Text } from "../text.ts";

/** Named lists of values with common bins. */
export interface HistogramData extends FigureOptions {
  readonly series: readonly { readonly name: Text; readonly values: Numbers }[];
  /** Number of bins; default 40. */
  readonly bins?: number;
  /** Ends of the first and last bin; default the data's. Values outside are not counted. */
  readonly range?: readonly [number, number];
  /** Shares of each series instead of counts; default false. */
  readonly shares?: boolean;
  readonly xLabel?: Text;
  readonly yLabel?: Text;
  readonly markers?: readonly Mark[];
}

/** How often values fall into equal bins. */
export const histogram: Figure<HistogramData> = defineFigure({
  name: "histogram",
  fields: {
    ...figureFields,
    series: { name: true, values: true },
    bins: true,
    range: true,
    shares: true,
    xLabel: true,
    yLabel: true,
    markers: markFields,
  },
  examples: {
    fractions: {
      series: [
        {
          name: "full precision",
          values: Array.from({ length: 512 }, (_, i) => 1 - 0.4 * ((i / 512) ** 3 + 0.02)),
        },
        {
          name: "binary",
          values: Array.from({ length: 512 }, (_, i) => 0.2 + 0.15 * Math.cos(i) ** 3),
        },
      ],
      bins: 25,
      range: [0, 1],
      xLabel: "share of variance at one frequency",
      yLabel: "neurons",
      markers: [{ value: 0.85, label: "0.85" }],
    },
  },
  draw(data: HistogramData): PlotlyFigure {
    const lists = data.series.map(({ name, values }) =>
      listOf(`histogram ${quoted(name)}`, values),
    );
    const [low, high] = spread(data.range ?? extentOf(lists) ?? [0, 1]);
    const bins = data.bins ?? 40;
    if (!Number.isInteger(bins) || bins < 1) {
      throw new InputError(`histogram: bins must be a positive integer, got ${bins}`);
    }
    const width = (high - low) / bins;
    const centers = Array.from({ length: bins }, (_, i) => low + (i + 0.5) * width);
    const several = lists.length > 1;
    const counts = lists.map((list) => counted(list, low, high, bins, data.shares ?? false));
    const ends = [[low, high]];
    const count = data.yLabel ?? (data.shares ? "share" : "count");
    const { xaxis, ...layout } = chartLayout(
      data,
      {
        x: { letter: "x", label: data.xLabel, log: false, values: ends, marks: data.markers ?? [] },
        y: { letter: "y", label: count, log: false, values: counts, marks: [] },
        height: data.height ?? 360,
        entries: lists.length,
      },
      false,
    );
    return {
      data: counts.map((list, i) => ({
        type: "bar",
        name: plain(data.series[i]?.name ?? ""),
        x: encodeList(centers),
        y: encodeList(list),
        width,
        marker: { color: colorOf(i, lists.length), line: { width: 0 } },
        ...(several ? { opacity: 0.65 } : {}),
        hovertemplate: `%{x:.4g} ± ${(width / 2).toPrecision(2)}: %{y:.4g}<extra>%{fullData.name}</extra>`,
      })),
      layout: {
        ...layout,
        barmode: "overlay",
        bargap: 0,
        xaxis: { ...(xaxis as Json), range: [low, high] },
      },
    };
  },
});

function spread([low, high]: readonly [number, number]): readonly [number, number] {
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}

/** Counts, or shares of the whole list; the last bin includes its upper end. */
function counted(
  list: ArrayLike<number>,
  low: number,
  high: number,
  bins: number,
  shares: boolean,
): Float64Array {
  const counts = new Float64Array(bins);
  for (let i = 0; i < list.length; i++) {
    const value = list[i] as number;
    if (!(value >= low && value <= high)) continue;
    const bin = Math.min(Math.floor(((value - low) / (high - low)) * bins), bins - 1);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return shares ? counts.map((count) => count / Math.max(list.length, 1)) : counts;
}
