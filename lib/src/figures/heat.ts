/** Traces and axes of heat maps: the parts that one map, facets and animations share. */

import { InputError } from "../core/errors.ts";
import type { ColorOptions } from "./color-axis.ts";
import { neutral } from "./colors.ts";
import { encodeGrid, encodeList } from "./encode.ts";
import type { Json } from "./figure-parts.ts";
import { type Grid, listOf, type Numbers } from "./numbers.ts";
import { plain, type Text } from "./text.ts";

/** Names of rows or columns: numbers (default 0, 1, …) or strings, which may repeat. */
export type Labels = Numbers | readonly Text[];

/** How a matrix is shown. */
export interface HeatOptions extends ColorOptions {
  /** Labels of the columns, left to right. */
  readonly x?: Labels;
  /** Labels of the rows, top to bottom. */
  readonly y?: Labels;
  readonly xLabel?: Text;
  readonly yLabel?: Text;
  /** Square cells, or cells stretched over the page; default "equal" for square matrices. */
  readonly aspect?: "equal" | "auto";
  /** Write the number into each cell. */
  readonly annotate?: boolean;
  /** d3 format of hover texts and annotations; default ".4g". */
  readonly valueFormat?: string;
}

/** Which axes and color axis a trace is on. */
export interface HeatPlace {
  readonly xaxis: string;
  readonly yaxis: string;
  /** In pseudo-HTML. */
  readonly name: string;
}

/**
 * The traces of one matrix: the map itself and, below it when `showsGaps`, a grey cell wherever
 * the matrix has no finite number.
 */
export function heatTraces(
  grid: Grid,
  options: HeatOptions,
  place: HeatPlace,
  showsGaps: boolean,
): Json[] {
  const common = {
    type: "heatmap",
    name: place.name,
    ...ticksOf("x", options.x, grid.columns),
    ...ticksOf("y", options.y, grid.rows),
    xaxis: place.xaxis,
    yaxis: place.yaxis,
  };
  const [row, column] = [plain(options.yLabel ?? "row"), plain(options.xLabel ?? "column")];
  const at = `${row}: %{y}<br>${column}: %{x}<br>`;
  const value = plain(options.valueLabel ?? "value");
  const format = checkedFormat(options.valueFormat ?? ".4g");
  const map: Json = {
    ...common,
    z: encodeGrid(grid),
    coloraxis: "coloraxis",
    hoverongaps: false,
    hovertemplate: `${at}${value}: %{z:${format}}<extra>${place.name}</extra>`,
    ...(options.annotate ? { texttemplate: `%{z:${format}}` } : {}),
  };
  if (!showsGaps) return [map];
  const gaps: Json = {
    ...common,
    z: encodeGrid(gapsOf(grid)),
    zmin: 0,
    zmax: 1,
    colorscale: [
      [0, "rgba(0, 0, 0, 0)"],
      [1, neutral],
    ],
    showscale: false,
    hovertemplate: `${at}not a number<extra>${place.name}</extra>`,
    meta: { export: false },
  };
  return [gaps, map];
}

/** One where the matrix has no finite number, zero elsewhere: a byte a cell when encoded. */
function gapsOf({ data, ...size }: Grid): Grid {
  return { ...size, data: Uint8Array.from(data, (value) => (Number.isFinite(value) ? 0 : 1)) };
}

/** d3's format of a number, as Plotly's templates take it. */
const d3Format = /^(?:[^{}]?[<>=^])?[-+( ]?[$#]?0?\d*,?(?:\.\d+)?~?[a-z%]?$/i;

function checkedFormat(format: string): string {
  if (d3Format.test(format)) return format;
  throw new InputError(
    `valueFormat: must be a format of d3 such as ".3f" or ".1%", got ${JSON.stringify(format)}`,
  );
}

/** The two axes of a heat map: rows run downwards, frame around, no grid lines. */
export function heatAxes(
  where: string,
  grid: Grid,
  options: HeatOptions,
  ids: { readonly xaxis: string },
): { readonly x: Json; readonly y: Json } {
  const frame = {
    automargin: true,
    showgrid: false,
    zeroline: false,
    showline: true,
    mirror: true,
    ticks: "outside",
    ticklen: 4,
  };
  const equal = isEqual(grid, options);
  return {
    x: {
      ...frame,
      ...titleOf(options.xLabel),
      ...kindOf(`${where} x`, options.x, grid.columns),
      ...(equal ? { constrain: "domain" } : {}),
    },
    y: {
      ...frame,
      ...titleOf(options.yLabel),
      ...kindOf(`${where} y`, options.y, grid.rows),
      autorange: "reversed",
      ...(equal ? { scaleanchor: ids.xaxis, constrain: "domain" } : {}),
    },
  };
}

/** Whether cells are drawn square. */
export function isEqual(grid: Grid, options: HeatOptions): boolean {
  return (options.aspect ?? (grid.rows === grid.columns ? "equal" : "auto")) === "equal";
}

/** Pixels of `columns` maps side by side that keep their labels apart, with axes and color bar. */
export function leastWidth(grid: Grid, options: HeatOptions, columns: number): number {
  const side = isEqual(grid, options) ? Math.max(grid.rows, grid.columns) : grid.columns;
  const cells = side <= mostLabeled ? 15 * side : 0;
  return 130 + columns * Math.max(cells, columns > 1 ? 110 : 0);
}

/** Up to so many rows or columns, each number has its tick. */
const mostLabeled = 20;

/** An axis title, or nothing. */
export function titleOf(text: Text | undefined): Json {
  return text === undefined ? {} : { title: { text: plain(text) } };
}

/** Pseudo-HTML made different by invisible characters, since Plotly merges equal categories. */
export function distinct(labels: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return labels.map((label) => {
    const count = seen.get(label) ?? 0;
    seen.set(label, count + 1);
    return label + "\u200b".repeat(count);
  });
}

/** Labels as axis positions: evenly spaced numbers as they are, everything else as category names. */
function positionsOf(where: string, labels: Labels | undefined, count: number): Positions {
  if (labels === undefined) return { numbers: Array.from({ length: count }, (_, i) => i) };
  if (isText(labels)) return { names: distinct(labels.map(plain)) };
  const numbers = Array.from(listOf(where, labels));
  const step = (numbers[1] ?? 0) - (numbers[0] ?? 0);
  const tolerance = Math.abs(step) * 1e-6;
  const isEven = numbers.every(
    (value, i) => i === 0 || Math.abs(value - (numbers[i - 1] as number) - step) <= tolerance,
  );
  return isEven && (step !== 0 || count < 2)
    ? { numbers }
    : { names: distinct(numbers.map(String)) };
}

type Positions = { readonly numbers: number[] } | { readonly names: string[] };

function isText(labels: Labels): labels is readonly Text[] {
  return Array.isArray(labels) && labels.some((label) => typeof label !== "number");
}

function ticksOf(letter: "x" | "y", labels: Labels | undefined, count: number): Json {
  const positions = positionsOf(letter, labels, count);
  return { [letter]: "names" in positions ? positions.names : encodeList(positions.numbers) };
}

function kindOf(where: string, labels: Labels | undefined, count: number): Json {
  const positions = positionsOf(where, labels, count);
  const length = "names" in positions ? positions.names.length : positions.numbers.length;
  if (length !== count) {
    throw new InputError(`${where}: needs one label for each of ${count}, got ${length}`);
  }
  if ("names" in positions) return { type: "category" };
  const isIndex = count <= mostLabeled && positions.numbers.every(Number.isInteger);
  return { type: "linear", ...(isIndex ? { dtick: 1 } : {}) };
}
