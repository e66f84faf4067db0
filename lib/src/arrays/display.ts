/** How a tensor looks in a notebook: dtype, shape, a summary and the numbers of one matrix. */

import type { DType, NdArray } from "../core/nd.ts";
import { isFloat } from "./dtype.ts";

/** Representations by MIME type, of which a notebook shows the richest it knows. */
export interface TensorDisplay {
  readonly "text/plain": string;
  readonly "text/html": string;
}

/** Rows and columns that fit on a page; of longer axes the ends are shown. */
const mostRows = 12;
const mostColumns = 12;

/** `plain` is the one-line form; the HTML adds a summary and the last two axes as a table. */
export function displayArray(plain: string, array: NdArray): TensorDisplay {
  const head = `Tensor ${array.dtype}[${array.shape.join(", ")}]`;
  const lines = [`<b>${head}</b>`, summary(array)].filter((line) => line !== "");
  const table = array.data.length === 0 ? "" : tableOf(array);
  return { "text/plain": plain, "text/html": `<div>${lines.join("<br>")}${table}</div>` };
}

/** The first six numbers, separated by spaces, to five digits where they are fractions. */
export function firstNumbers(dtype: DType, data: ArrayLike<number>): string {
  const digits = isFloat(dtype) ? 5 : 10;
  const shown = Array.from({ length: Math.min(data.length, 6) }, (_, i) =>
    String(Number((data[i] as number).toPrecision(digits))),
  );
  return [...shown, ...(data.length > 6 ? ["…"] : [])].join(" ");
}

/** Smallest, mean and largest finite number, and how many are not finite. */
function summary({ data, dtype }: NdArray): string {
  if (data.length < 2) return "";
  let [low, high, sum, finite] = [Infinity, -Infinity, 0, 0];
  for (const value of data) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
    finite += 1;
  }
  const gaps = data.length - finite;
  const numbers =
    finite === 0
      ? []
      : [
          `min ${written(low, true)}`,
          `mean ${written(sum / finite, true)}`,
          `max ${written(high, true)}`,
        ];
  const words = dtype === "bool" ? [`${sum} of ${data.length} true`] : numbers;
  return [...words, ...(gaps > 0 ? [`${gaps} not finite`] : [])].join(", ");
}

/** The matrix of the last two axes at index 0 of all others. */
function tableOf({ data, shape, dtype }: NdArray): string {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.at(-2) ?? 1;
  const leading = shape.slice(0, -2).map(() => "0");
  const caption =
    leading.length === 0 ? "" : `<caption>[${[...leading, ":", ":"].join(", ")}]</caption>`;
  const shownColumns = shown(columns, mostColumns);
  const float = isFloat(dtype);
  const scale = largest(data.subarray(0, rows * columns));
  const cell = (row: number, column: number): string => {
    const value = data[row * columns + column] as number;
    return `<td style="${cellStyle(value / scale)}">${written(value, float)}</td>`;
  };
  const header = shownColumns.map((j) => `<th>${shape.length < 1 ? "" : (j ?? "…")}</th>`).join("");
  const body = shown(rows, mostRows).map((i) => {
    const cells = shownColumns.map((j) =>
      i === undefined || j === undefined ? "<td>…</td>" : cell(i, j),
    );
    return `<tr><th>${shape.length < 2 ? "" : (i ?? "…")}</th>${cells.join("")}</tr>`;
  });
  return `<table>${caption}<tr><th></th>${header}</tr>${body.join("")}</table>`;
}

/** Indices of an axis; where it is too long, `undefined` stands for those left out. */
function shown(size: number, most: number): (number | undefined)[] {
  const indices = Array.from({ length: size }, (_, i) => i);
  if (size <= most) return indices;
  const half = most >> 1;
  return [...indices.slice(0, half), undefined, ...indices.slice(size - half)];
}

/** Largest finite magnitude; 1 where all are zero. */
function largest(data: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) {
    const magnitude = Math.abs(data[i] as number);
    if (Number.isFinite(magnitude)) most = Math.max(most, magnitude);
  }
  return most || 1;
}

/** Red for negative, blue for positive, translucent so that it fits light and dark pages. */
function cellStyle(share: number): string {
  const hue = share < 0 ? "178,24,43" : "33,102,172";
  const strength = Number.isFinite(share) ? Math.abs(share) * 0.5 : 0;
  return `text-align:right;background:rgba(${hue},${Number(strength.toFixed(2))})`;
}

function written(value: number, float: boolean): string {
  return float && Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}
