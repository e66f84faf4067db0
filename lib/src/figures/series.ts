/** Lines: the parts that line charts, their facets and animations share. */

import { InputError } from "../core/errors.ts";
import { colorOf } from "./colors.ts";
import { encodeList } from "./encode.ts";
import type { Json } from "./figure-parts.ts";
import { listOf, type Matrix, type Numbers, rowsOf } from "./numbers.ts";
import { plain, quoted, type Text } from "./text.ts";

/** One named line. */
export interface LineSeries {
  readonly name: Text;
  readonly y: Numbers;
  /** Default: the figure's `x`, else 0, 1, …. */
  readonly x?: Numbers;
  /** Thin, pale and dotted, for what is only compared with: a printed log, a random control. */
  readonly faint?: boolean;
  readonly dash?: "solid" | "dash" | "dot";
  /** Points: beside the line, or instead of it. */
  readonly points?: "with line" | "only";
  /** Index into the palette, to give two series one color; default: the series' own index. */
  readonly color?: number;
}

/** The rows of a matrix as series; default names "0", "1", …. */
export function rowSeries(matrix: Matrix, names?: readonly Text[]): LineSeries[] {
  const rows = rowsOf("rowSeries", matrix);
  if (names && names.length !== rows.length) {
    throw new InputError(
      `rowSeries: needs one name for each of ${rows.length} rows, got ${names.length}`,
    );
  }
  return rows.map((y, i) => ({ name: names?.[i] ?? String(i), y }));
}

/** How the traces of one figure look apart. */
export interface SeriesStyle {
  readonly index: number;
  /** Number of series that share the colors. */
  readonly count: number;
  readonly xaxis?: string;
  readonly yaxis?: string;
}

/** The trace of one series. Throws `InputError` when x and y differ in length. */
export function lineTrace(
  where: string,
  series: LineSeries,
  x: Numbers | undefined,
  style: SeriesStyle,
): Json {
  return {
    type: "scatter",
    name: plain(series.name),
    ...pointsOf(`${where} ${quoted(series.name)}`, series.x ?? x, series.y),
    ...lookOf(series, colorOf(series.color ?? style.index, style.count)),
    ...(style.xaxis === undefined ? {} : { xaxis: style.xaxis, yaxis: style.yaxis }),
  };
}

/** The x of a series: as given, else 0, 1, …. */
export function placesOf(where: string, x: Numbers | undefined, y: Numbers): ArrayLike<number> {
  if (x !== undefined) return listOf(where, x);
  return Array.from({ length: listOf(where, y).length }, (_, i) => i);
}

/** The x (when given) and y of a trace, encoded. */
export function pointsOf(where: string, x: Numbers | undefined, y: Numbers): Json {
  const values = listOf(where, y);
  if (x === undefined) return { y: encodeList(values) };
  const places = listOf(where, x);
  if (places.length !== values.length) {
    throw new InputError(
      `${where}: x and y must be equally long, got ${places.length} and ${values.length}`,
    );
  }
  return { x: encodeList(places), y: encodeList(values) };
}

function lookOf(series: LineSeries, color: string): Json {
  const mode = { only: "markers", "with line": "lines+markers", none: "lines" } as const;
  const points = series.points ?? "none";
  return {
    mode: mode[points],
    ...(points === "only"
      ? {}
      : {
          line: {
            color,
            width: series.faint ? 1.5 : 2,
            dash: series.dash ?? (series.faint ? "dot" : "solid"),
          },
        }),
    ...(points === "none" ? {} : { marker: { color, size: points === "only" ? 7 : 5 } }),
    ...(series.faint ? { opacity: 0.7 } : {}),
  };
}
