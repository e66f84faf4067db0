import { dims } from "../../core/dims.ts";
import { float64Product } from "../../core/float64-product.ts";
import type { NdArray } from "../../core/nd.ts";
import type { Float64NdArray } from "./float64.ts";
import { float64, toFloat64 } from "./float64.ts";

/** Matrix product in float64: "row inner" times "inner column". */
export function matmul(a: NdArray, b: NdArray): Float64NdArray {
  const { row, inner } = dims("matmul", a, "row inner");
  const { column } = dims("matmul", b, "inner column", { inner });
  const out = float64([row, column]);
  float64Product(toFloat64(a).data, toFloat64(b).data, out.data, { row, inner, column });
  return out;
}

/** "row column" to "column row". */
export function transpose(a: NdArray): Float64NdArray {
  const { row, column } = dims("transpose", a, "row column");
  const out = float64([column, row]);
  for (let i = 0; i < row; i++) {
    for (let j = 0; j < column; j++) out.data[j * row + i] = a.data[i * column + j] as number;
  }
  return out;
}

/** Dot products of all pairs of rows: "row column" to "row row". */
export function gram(a: NdArray): Float64NdArray {
  return matmul(a, transpose(a));
}
