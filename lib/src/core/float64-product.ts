/**
 * The matrix product in float64 on plain arrays. V8 runs it faster than the WebAssembly of jax-js, so
 * `Tensor.matmul` uses it for float64 arrays, and so does the linear algebra of `analysis`.
 */

/** Sizes of a product: "row inner" times "inner column". */
export interface ProductSizes {
  readonly row: number;
  readonly inner: number;
  readonly column: number;
}

/** Columns of `b` handled together; the panel that holds them stays in the first-level cache. */
const panelWidth = 4;

/** Write a b, row by row, into `out`. All three are row-major. */
export function float64Product(
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  { row, inner, column }: ProductSizes,
): void {
  const panel = new Float64Array(inner * panelWidth);
  const tile = new Float64Array(2 * panelWidth);
  for (let j = 0; j < column; j += panelWidth) {
    const width = Math.min(panelWidth, column - j);
    packPanel(b, panel, { inner, column, j, width });
    for (let i = 0; i < row; i += 2) {
      const pair = i + 1 < row;
      multiplyRows(a, panel, tile, { start: i * inner, step: pair ? inner : 0, inner });
      for (let c = 0; c < width; c++) {
        out[i * column + j + c] = tile[c] as number;
        if (pair) out[(i + 1) * column + j + c] = tile[panelWidth + c] as number;
      }
    }
  }
}

function packPanel(
  b: Float64Array,
  panel: Float64Array,
  at: { inner: number; column: number; j: number; width: number },
): void {
  for (let r = 0; r < at.inner; r++) {
    for (let c = 0; c < panelWidth; c++) {
      panel[r * panelWidth + c] = c < at.width ? (b[r * at.column + at.j + c] as number) : 0;
    }
  }
}

/** The rows of `a` that begin at `start` and `start + step`, times the panel, into the tile. */
function multiplyRows(
  a: Float64Array,
  panel: Float64Array,
  tile: Float64Array,
  { start, step, inner }: { start: number; step: number; inner: number },
): void {
  let [a0, a1, a2, a3, b0, b1, b2, b3] = [0, 0, 0, 0, 0, 0, 0, 0];
  let at = 0;
  for (let q = start; q < start + inner; q++) {
    const x = a[q] as number;
    const y = a[q + step] as number;
    const p0 = panel[at] as number;
    const p1 = panel[at + 1] as number;
    const p2 = panel[at + 2] as number;
    const p3 = panel[at + 3] as number;
    at += 4;
    a0 += x * p0;
    a1 += x * p1;
    a2 += x * p2;
    a3 += x * p3;
    b0 += y * p0;
    b1 += y * p1;
    b2 += y * p2;
    b3 += y * p3;
  }
  tile[0] = a0;
  tile[1] = a1;
  tile[2] = a2;
  tile[3] = a3;
  tile[4] = b0;
  tile[5] = b1;
  tile[6] = b2;
  tile[7] = b3;
}
