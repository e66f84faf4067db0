/** Plotly's typed-array encoding: base64 of little-endian numbers. */

import type { Grid } from "./numbers.ts";

type Code = "i1" | "i2" | "i4" | "f4" | "f8";

/** A list or matrix as Plotly (and plotly.py from 6.0) reads it; `shape` is "rows, columns". */
export interface EncodedArray {
  readonly bdata: string;
  readonly dtype: Code;
  readonly shape?: string;
}

/** Arrays up to this many numbers stay plain lists, which people can read in the JSON. */
export const plainLimit = 96;

/** A list as JSON: exact, smallest integer type that fits, else float32 for float32, else float64. */
export function encodeList(list: ArrayLike<number>): (number | null)[] | EncodedArray {
  if (list.length <= plainLimit) return Array.from(list, finiteOrNull);
  return encode(list, list instanceof Float32Array ? "f4" : "f8");
}

/** A matrix as JSON: integers exactly, else float32, which is finer than any color scale. */
export function encodeGrid({ rows, columns, data }: Grid): (number | null)[][] | EncodedArray {
  if (data.length <= plainLimit) {
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) =>
        finiteOrNull(data[row * columns + column] as number),
      ),
    );
  }
  return { ...encode(data, "f4"), shape: `${rows}, ${columns}` };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function encode(list: ArrayLike<number>, real: "f4" | "f8"): EncodedArray {
  const dtype = integerCode(list) ?? real;
  const { bytes, write } = writers[dtype];
  const view = new DataView(new ArrayBuffer(list.length * bytes));
  for (let i = 0; i < list.length; i++) write(view, i * bytes, list[i] as number);
  return { bdata: base64(new Uint8Array(view.buffer)), dtype };
}

function integerCode(list: ArrayLike<number>): Code | undefined {
  let reach = 0;
  for (let i = 0; i < list.length; i++) {
    const value = list[i] as number;
    if (!Number.isInteger(value) || Object.is(value, -0)) return undefined;
    reach = Math.max(reach, value, -value - 1);
  }
  if (reach < 2 ** 7) return "i1";
  if (reach < 2 ** 15) return "i2";
  return reach < 2 ** 31 ? "i4" : undefined;
}

type Writer = {
  readonly bytes: number;
  write(view: DataView, offset: number, value: number): void;
};

const writers: { readonly [C in Code]: Writer } = {
  i1: { bytes: 1, write: (view, offset, value) => view.setInt8(offset, value) },
  i2: { bytes: 2, write: (view, offset, value) => view.setInt16(offset, value, true) },
  i4: { bytes: 4, write: (view, offset, value) => view.setInt32(offset, value, true) },
  f4: { bytes: 4, write: (view, offset, value) => view.setFloat32(offset, value, true) },
  f8: { bytes: 8, write: (view, offset, value) => view.setFloat64(offset, value, true) },
};

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}
