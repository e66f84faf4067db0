/**
 * Runs in the page: the numbers of a figure as CSV. The text of each function is embedded, so none
 * may use anything but its arguments, globals and the other functions of this file.
 */

export type PageTrace = Readonly<Record<string, unknown>>;

export interface PageFigure {
  readonly data: readonly PageTrace[];
  readonly layout: Readonly<Record<string, unknown>>;
  readonly frames?: readonly Readonly<Record<string, unknown>>[];
}

type Cell = string | number | null;

/**
 * One heat map: a matrix with labels. Series over one x: a table. Anything else: a line per number
 * with its frame, panel and series. Columns without content are left out. `textOf` turns the texts of
 * the figure into what a reader sees of them.
 */
export function csvOf(figure: PageFigure, textOf: (pseudoHtml: string) => string): string {
  return csvText(tableOf(figure), textOf);
}

function tableOf(figure: PageFigure): Cell[][] {
  const traces = figure.data.filter(
    ({ meta }) => (meta as { export?: boolean } | undefined)?.export !== false,
  );
  const only = traces.length === 1 ? traces[0] : undefined;
  const names = { x: axisName(figure, "x"), y: axisName(figure, "y") };
  if (figure.frames?.length) return longTable(figure, traces, names);
  if (only?.type === "heatmap") return matrixTable(only, names);
  const isTable = traces.every(
    (trace) => trace.type !== "heatmap" && String(xOf(trace)) === String(xOf(traces[0] ?? {})),
  );
  const hasPanels = traces.some(({ meta }) => (meta as { panel?: string } | undefined)?.panel);
  if (isTable && !hasPanels) return seriesTable(traces, names.x);
  return longTable(figure, traces, names);
}

/** The first line of an axis title; a second one says what a logarithmic axis does not show. */
function axisName(figure: PageFigure, letter: "x" | "y"): string {
  const axis = figure.layout[`${letter}axis`] as { title?: { text?: string } } | undefined;
  return axis?.title?.text?.split("<br>")[0] || letter;
}

function matrixTable(trace: PageTrace, names: { x: string; y: string }): Cell[][] {
  const [x, y, rows] = [cellsOf(trace.x), cellsOf(trace.y), rowsOfCells(trace.z)];
  return [[`${names.y} \\ ${names.x}`, ...x], ...rows.map((row, i) => [y[i] ?? i, ...row])];
}

function seriesTable(traces: readonly PageTrace[], xName: string): Cell[][] {
  const x = xOf(traces[0] ?? {});
  const columns = traces.map(({ y }) => cellsOf(y));
  const texts = traces.map(({ text }) => (Array.isArray(text) ? (text as string[]) : undefined));
  const labels = texts.length === 1 ? texts[0] : undefined;
  return [
    [...(labels ? ["label"] : []), xName, ...traces.map(({ name }) => String(name ?? "y"))],
    ...x.map((value, i) => [
      ...(labels ? [labels[i] ?? ""] : []),
      value,
      ...columns.map((column) => column[i] ?? null),
    ]),
  ];
}

function longTable(
  figure: PageFigure,
  traces: readonly PageTrace[],
  names: { x: string; y: string },
): Cell[][] {
  const frames = figure.frames ?? [];
  const moving = new Set(frames.flatMap(({ traces: indices }) => indices as number[]));
  const rows = traces
    .filter((trace) => !moving.has(figure.data.indexOf(trace)))
    .flatMap((trace) => longRows("", trace));
  for (const frame of frames) {
    const parts = frame.data as PageTrace[];
    for (const [i, index] of (frame.traces as number[]).entries()) {
      const trace = { ...figure.data[index], ...parts[i] };
      if (traces.includes(figure.data[index] as PageTrace)) {
        rows.push(...longRows(String(frame.name), trace));
      }
    }
  }
  const header = ["frame", "panel", "series", "label", names.x, names.y, "value"];
  const used = header.map((_, i) => rows.some((row) => row[i] !== ""));
  return [header, ...rows].map((row) => row.filter((_, i) => used[i]));
}

function longRows(frame: string, trace: PageTrace): Cell[][] {
  const panel = (trace.meta as { panel?: string } | undefined)?.panel ?? "";
  const name = String(trace.name ?? "");
  const x = xOf(trace);
  if (trace.type === "heatmap") {
    const y = cellsOf(trace.y);
    return rowsOfCells(trace.z).flatMap((row, i) =>
      row.map((value, j): Cell[] => [frame, name, "", "", x[j] ?? j, y[i] ?? i, value]),
    );
  }
  const labels = Array.isArray(trace.text) ? (trace.text as string[]) : [];
  return cellsOf(trace.y).map((value, i): Cell[] => [
    frame,
    panel,
    name,
    labels[i] ?? "",
    x[i] ?? i,
    value,
    "",
  ]);
}

function xOf(trace: PageTrace): Cell[] {
  if (trace.x !== undefined) return cellsOf(trace.x);
  return cellsOf(trace.y).map((_, i) => i);
}

/** A plain or encoded list; float32 numbers in their shortest form. */
export function cellsOf(list: unknown): Cell[] {
  if (Array.isArray(list)) return list as Cell[];
  if (typeof list !== "object" || list === null) return [];
  const { bdata, dtype } = list as { bdata: string; dtype: string };
  const { buffer } = Uint8Array.from(atob(bdata), (char) => char.charCodeAt(0));
  if (dtype === "i1") return Array.from(new Int8Array(buffer));
  if (dtype === "i2") return Array.from(new Int16Array(buffer));
  if (dtype === "i4") return Array.from(new Int32Array(buffer));
  if (dtype === "f8") return Array.from(new Float64Array(buffer));
  return Array.from(new Float32Array(buffer), (value) => {
    const digits = [6, 7, 8, 9].find((count) => Math.fround(+value.toPrecision(count)) === value);
    return digits === undefined ? value : +value.toPrecision(digits);
  });
}

function rowsOfCells(matrix: unknown): Cell[][] {
  if (Array.isArray(matrix)) return matrix as Cell[][];
  const cells = cellsOf(matrix);
  const columns = Number((matrix as { shape: string }).shape.split(",")[1]);
  return Array.from({ length: cells.length / columns }, (_, i) =>
    cells.slice(i * columns, (i + 1) * columns),
  );
}

function csvText(
  rows: readonly (readonly Cell[])[],
  textOf: (pseudoHtml: string) => string,
): string {
  return rows.map((row) => `${row.map((cell) => csvCell(cell, textOf)).join(",")}\r\n`).join("");
}

function csvCell(value: Cell, textOf: (pseudoHtml: string) => string): string {
  if (value === null || (typeof value === "number" && !Number.isFinite(value))) return "";
  const text = typeof value === "number" ? String(value) : textOf(value).replaceAll("\u200b", "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The functions of this file, to embed. */
export const csvFunctions = [
  csvOf,
  tableOf,
  axisName,
  matrixTable,
  seriesTable,
  longTable,
  longRows,
  xOf,
  cellsOf,
  rowsOfCells,
  csvText,
  csvCell,
] as const;
