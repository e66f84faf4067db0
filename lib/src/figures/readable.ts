/** A figure as text that a snapshot test can compare and a person can read. */

import type { PlotlyFigure } from "./figure.ts";

/** JSON with typed arrays decoded and numbers rounded: 4 decimals, 4 digits below one. */
export function readable(figure: PlotlyFigure): string {
  const text = JSON.stringify(rounded(figure), null, 1);
  const numberLists = /\[\s+((?:(?:-?[\d.]+(?:e-?\d+)?|null),?\s+)+)\]/g;
  return `${text.replace(numberLists, (_, inner: string) => `[${inner.trim().split(/\s+/).join(" ")}]`)}\n`;
}

/** The numbers of a list as Plotly reads it: plain, or encoded with `bdata`. */
export function decoded(value: unknown): unknown {
  if (!isRecord(value) || typeof value.bdata !== "string") return value;
  const bytes = Uint8Array.from(atob(value.bdata), (char) => char.charCodeAt(0));
  const list = Array.from(arrayTypes[value.dtype as Code].from(bytes.buffer));
  if (typeof value.shape !== "string") return list;
  const [rows, columns] = value.shape.split(",").map(Number) as [number, number];
  return Array.from({ length: rows }, (_, i) => list.slice(i * columns, (i + 1) * columns));
}

type Code = "i1" | "i2" | "i4" | "f4" | "f8";

const arrayTypes = {
  i1: { from: (buffer: ArrayBuffer) => new Int8Array(buffer) },
  i2: { from: (buffer: ArrayBuffer) => new Int16Array(buffer) },
  i4: { from: (buffer: ArrayBuffer) => new Int32Array(buffer) },
  f4: { from: (buffer: ArrayBuffer) => new Float32Array(buffer) },
  f8: { from: (buffer: ArrayBuffer) => new Float64Array(buffer) },
} as const;

function rounded(value: unknown): unknown {
  const plain = decoded(value);
  if (typeof plain === "number") return roundedNumber(plain);
  if (Array.isArray(plain)) return plain.map(rounded);
  if (!isRecord(plain)) return plain;
  return Object.fromEntries(Object.entries(plain).map(([key, inner]) => [key, rounded(inner)]));
}

function roundedNumber(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  if (Math.abs(value) < 1e-12) return 0;
  return Math.abs(value) < 1 ? Number(value.toPrecision(4)) : Number(value.toFixed(4));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
