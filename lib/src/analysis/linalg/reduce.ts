import { dims } from "../../core/dims.ts";
import { ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import type { Float64NdArray } from "./float64.ts";
import { float64 } from "./float64.ts";
import { matmul, transpose } from "./matmul.ts";

/** Mean over the rows of "row column": one number per column. */
export function columnMeans(a: NdArray): number[] {
  const { row, column } = dims("columnMeans", a, "row column");
  const sums = new Array<number>(column).fill(0);
  for (let i = 0; i < row; i++) {
    for (let j = 0; j < column; j++) {
      sums[j] = (sums[j] as number) + (a.data[i * column + j] as number);
    }
  }
  return sums.map((sum) => sum / row);
}

/** "row column" minus the mean of every column. */
export function centerColumns(a: NdArray): Float64NdArray {
  const { column } = dims("centerColumns", a, "row column");
  const means = columnMeans(a);
  const data = Float64Array.from(a.data, (value, at) => value - (means[at % column] as number));
  return float64(a.shape, data);
}

/** Euclidean norm of every row of "row column". */
export function rowNorms(a: NdArray): number[] {
  const { row, column } = dims("rowNorms", a, "row column");
  return Array.from({ length: row }, (_, i) =>
    Math.sqrt(sumOfSquares(a.data.subarray(i * column, (i + 1) * column))),
  );
}

/** Sum of squares of all numbers. */
export function sumOfSquares(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return sum;
}

/**
 * Cosine of the angle between rows: "row column" and "other column" to "row other".
 * `b` defaults to `a`. A row of zeros has cosine 0 with everything.
 */
export function cosineSimilarity(a: NdArray, b: NdArray = a): Float64NdArray {
  const { column } = dims("cosineSimilarity", a, "row column");
  if (b.shape.length !== 2 || b.shape[1] !== column) {
    throw new ShapeError('cosineSimilarity "other column"', [-1, column], b.shape);
  }
  return matmul(unitRows(a), transpose(unitRows(b)));
}

function unitRows(a: NdArray): Float64NdArray {
  const norms = rowNorms(a);
  const width = a.shape[1] as number;
  const data = Float64Array.from(a.data, (value, at) => {
    const norm = norms[Math.floor(at / width)] as number;
    return norm === 0 ? 0 : value / norm;
  });
  return float64(a.shape, data);
}
