/** Plain linear algebra in float64. */

import "../../core/runtime.ts";

export type { Float64NdArray } from "./float64.ts";
export { firstColumns, float64, rows, toFloat64 } from "./float64.ts";
export { gram, matmul, transpose } from "./matmul.ts";
export { centerColumns, columnMeans, cosineSimilarity, rowNorms, sumOfSquares } from "./reduce.ts";
export type { Svd } from "./svd.ts";
export { randomControl, svd } from "./svd.ts";
