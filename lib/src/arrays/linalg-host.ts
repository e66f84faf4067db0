/** Decompositions of single matrices in float64 with ml-matrix (after JAMA and EISPACK). */

import {
  EigenvalueDecomposition,
  inverse,
  LuDecomposition,
  Matrix,
  QrDecomposition,
  SVD,
} from "ml-matrix";

/** A row-major matrix. */
export interface Dense {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export function dense(rows: number, columns: number, data: ArrayLike<number>): Dense {
  return { rows, columns, data: Float64Array.from(data) };
}

function load({ rows, columns, data }: Dense): Matrix {
  const matrix = new Matrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) matrix.set(i, j, data[i * columns + j] as number);
  }
  return matrix;
}

function store(matrix: Matrix): Dense {
  return dense(matrix.rows, matrix.columns, matrix.to1DArray());
}

/** +1 or -1: the sign of the entry of column `j` with the largest size (the first among equals). */
function columnSign(matrix: Matrix, j: number): number {
  const column = matrix.getColumn(j);
  const largest = column.reduce(
    (best, v) => (Math.abs(v) > Math.abs(best) * (1 + 1e-9) ? v : best),
    0,
  );
  return largest < 0 ? -1 : 1;
}

/** Thin decomposition: u [m, k], s [1, k] descending, vh [k, n]. */
export function hostSvd(a: Dense): readonly Dense[] {
  const matrix = load(a);
  const wide = a.rows < a.columns;
  const found = new SVD(wide ? matrix.transpose() : matrix);
  const k = Math.min(a.rows, a.columns);
  const first = found.leftSingularVectors.subMatrix(0, Math.max(a.rows, a.columns) - 1, 0, k - 1);
  const [u, v] = wide ? [found.rightSingularVectors, first] : [first, found.rightSingularVectors];
  for (let j = 0; j < k; j++) {
    const sign = columnSign(u, j);
    u.mulColumn(j, sign);
    v.mulColumn(j, sign);
  }
  return [store(u), dense(1, k, found.diagonal), store(v.transpose())];
}

/** q [m, k] and r [k, n] with a diagonal that is not negative. */
export function hostQr(a: Dense): readonly Dense[] {
  const k = Math.min(a.rows, a.columns);
  const square = load(a).subMatrix(0, a.rows - 1, 0, k - 1);
  const q = new QrDecomposition(square).orthogonalMatrix.subMatrix(0, a.rows - 1, 0, k - 1);
  const r = q.transpose().mmul(load(a));
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < i; j++) r.set(i, j, 0);
    if (r.get(i, i) >= 0) continue;
    r.mulRow(i, -1);
    q.mulColumn(i, -1);
  }
  return [store(q), store(r)];
}

/** Eigenvalues [1, n] ascending and unit eigenvectors in columns, of the symmetric part. */
export function hostEigh(a: Dense): readonly Dense[] {
  const matrix = load(a);
  const symmetric = Matrix.add(matrix, matrix.transpose()).mul(0.5);
  const found = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  const vectors = found.eigenvectorMatrix;
  for (let j = 0; j < a.rows; j++) vectors.mulColumn(j, columnSign(vectors, j));
  return [dense(1, a.rows, found.realEigenvalues), store(vectors)];
}

/**
 * Eigenvalues and unit eigenvectors of any square matrix: values re and im [1, n], vectors re and
 * im [n, n] in columns. Largest size first, then larger real, then larger imaginary part; the
 * largest entry of each vector is real and positive.
 */
export function hostEig(a: Dense): readonly Dense[] {
  const n = a.rows;
  const found = new EigenvalueDecomposition(load(a), { assumeSymmetric: false });
  const { realEigenvalues: re, imaginaryEigenvalues: im, eigenvectorMatrix: packed } = found;
  const pairs = re.map((value, j) => {
    const imaginary = im[j] as number;
    const first = imaginary < 0 ? j - 1 : j;
    const real = packed.getColumn(first);
    const other = imaginary === 0 ? real.map(() => 0) : packed.getColumn(first + 1);
    const vector = unit(real, imaginary < 0 ? other.map((v) => -v) : other);
    return { re: value, im: imaginary, vector };
  });
  const close = (x: number, y: number): boolean =>
    Math.abs(x - y) <= 1e-9 * (Math.abs(x) + Math.abs(y));
  pairs.sort((p, q) => {
    const sizes = [Math.hypot(p.re, p.im), Math.hypot(q.re, q.im)] as const;
    if (!close(...sizes)) return sizes[1] - sizes[0];
    return close(p.re, q.re) ? q.im - p.im : q.re - p.re;
  });
  const column = (part: "re" | "im"): Dense =>
    dense(
      n,
      n,
      Array.from({ length: n * n }, (_, i) => pairs[i % n]?.vector[part][Math.floor(i / n)] ?? 0),
    );
  return [
    dense(
      1,
      n,
      pairs.map((pair) => pair.re),
    ),
    dense(
      1,
      n,
      pairs.map((pair) => pair.im),
    ),
    column("re"),
    column("im"),
  ];
}

/** Scale a complex vector to norm 1 and turn it so that its largest entry is real and positive. */
function unit(re: readonly number[], im: readonly number[]): { re: number[]; im: number[] } {
  const sizes = re.map((value, i) => Math.hypot(value, im[i] as number));
  const norm = Math.hypot(...sizes);
  const at = sizes.reduce((best, v, i) => (v > (sizes[best] as number) * (1 + 1e-9) ? i : best), 0);
  const scale = 1 / (norm * (sizes[at] as number));
  const c = (re[at] as number) * scale;
  const s = -(im[at] as number) * scale;
  return {
    re: re.map((value, i) => value * c - (im[i] as number) * s),
    im: re.map((value, i) => value * s + (im[i] as number) * c),
  };
}

/** The solution of a x = b by LU with partial pivoting; undefined where `a` is singular. */
export function hostSolve(a: Dense, b: Dense): Dense | undefined {
  const lu = new LuDecomposition(load(a));
  return lu.isSingular() ? undefined : store(lu.solve(load(b)));
}

/** The inverse; undefined where the matrix is singular. */
export function hostInv(a: Dense): Dense | undefined {
  const matrix = load(a);
  return new LuDecomposition(matrix).isSingular() ? undefined : store(inverse(matrix));
}

export function hostDet(a: Dense): number {
  return new LuDecomposition(load(a)).determinant;
}
