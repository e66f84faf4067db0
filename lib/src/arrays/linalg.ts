/**
 * Linear algebra over the last two axes; leading axes are batches. On arrays it is computed in
 * float64 and returned in the dtype of the argument (integers as float32). While tracing, `inv`,
 * `solve`, `det`, `svd` and `eigh` use jax-js, whose `svd` goes through the eigenvalues of A^T A and
 * keeps half of the digits, without a sign convention; `svd` and `eigh` have no gradient, and `qr`
 * and `eig` work on arrays only.
 */

import { InputError, ShapeError } from "../core/errors.ts";
import { type DType, nd, type Shape, sizeOf } from "../core/nd.ts";
import { tensor } from "./create.ts";
import { promote, toFloat } from "./dtype.ts";
import { np, type Tracer } from "./jax.ts";
import {
  type Dense,
  dense,
  hostDet,
  hostEig,
  hostEigh,
  hostInv,
  hostQr,
  hostSolve,
  hostSvd,
} from "./linalg-host.ts";
import { norm } from "./reduce.ts";
import { tidy } from "./scope.ts";
import { broadcastTo } from "./shape-ops.ts";
import { broadcastShapes } from "./shapes.ts";
import { boxOf, type Tensor, unwrap, wrap } from "./tensor.ts";

/** Complex numbers as two real tensors. */
export interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}

function onHost(...tensors: readonly Tensor[]): boolean {
  return tensors.every((one) => boxOf(one).concrete);
}

function checkMatrix(where: string, a: Tensor, square: boolean): Tensor {
  const [rows, columns] = a.shape.slice(-2);
  if (rows === undefined || columns === undefined) {
    throw new ShapeError(`${where}: needs a matrix`, [-1, -1], a.shape);
  }
  if (square && rows !== columns) {
    throw new ShapeError(`${where}: needs a square matrix`, [columns, columns], [rows, columns]);
  }
  if (a.size === 0) throw new InputError(`${where}: needs at least one element, got [${a.shape}]`);
  return a.astype(toFloat(a.dtype));
}

function eagerOnly(where: string, a: Tensor): void {
  if (onHost(a)) return;
  throw new InputError(`${where}: works on arrays only, got a traced tensor of shape [${a.shape}]`);
}

/** The matrices of a batch, which must be finite: the algorithms would not end otherwise. */
function matricesOf(where: string, a: Tensor): Dense[] {
  const [rows = 1, columns = 1] = a.shape.slice(-2);
  const { data } = a.readSync();
  const bad = data.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new InputError(`${where}: needs finite numbers, got ${bad}`);
  const size = rows * columns;
  return Array.from({ length: data.length / size }, (_, i) =>
    dense(rows, columns, data.subarray(i * size, (i + 1) * size)),
  );
}

/** Stack one result of each matrix, `shape` apiece, over the batch axes. */
function gather(batch: Shape, shape: Shape, dtype: DType, parts: readonly Dense[]): Tensor {
  const data = new Float64Array(sizeOf(batch) * sizeOf(shape));
  parts.forEach((part, i) => {
    data.set(part.data, i * sizeOf(shape));
  });
  return tensor(nd("float64", [...batch, ...shape], data), { dtype });
}

/** Decompose each matrix on the host; result `i` has the shape `shapes[i]`. */
function decompose(
  where: string,
  a: Tensor,
  shapes: readonly Shape[],
  f: (a: Dense) => readonly Dense[],
): Tensor[] {
  const found = matricesOf(where, a).map(f);
  return shapes.map((shape, i) =>
    gather(
      a.shape.slice(0, -2),
      shape,
      a.dtype,
      found.map((parts) => parts[i] as Dense),
    ),
  );
}

/** jax-js's result; a missing derivative becomes one sentence. */
function traced(where: string, f: () => Tracer): Tracer {
  try {
    return f();
  } catch (error) {
    if (error instanceof Error && error.message.includes("JVP rule not implemented")) {
      throw new InputError(`${where}: has no gradient; pass stopGradient(a)`);
    }
    throw error;
  }
}

/**
 * Thin singular value decomposition a = u diag(s) vh: u [m, k], s [k] descending, vh [k, n] with
 * k = min(m, n). The largest entry of each column of u is positive.
 */
function svd(a: Tensor): { readonly u: Tensor; readonly s: Tensor; readonly vh: Tensor } {
  return tidy(() => {
    const x = checkMatrix("linalg.svd", a, false);
    const [m = 1, n = 1] = x.shape.slice(-2);
    const k = Math.min(m, n);
    const parts = onHost(x)
      ? decompose("linalg.svd", x, [[m, k], [k], [k, n]], hostSvd)
      : traced("linalg.svd", () => np.linalg.svd(unwrap(x))).map(wrap);
    const [u, s, vh] = parts as [Tensor, Tensor, Tensor];
    return { u, s, vh };
  });
}

/** Thin decomposition a = q r: q [m, k] orthonormal, r [k, n] upper triangular, diagonal >= 0. */
function qr(a: Tensor): { readonly q: Tensor; readonly r: Tensor } {
  return tidy(() => {
    const x = checkMatrix("linalg.qr", a, false);
    eagerOnly("linalg.qr", x);
    const [m = 1, n = 1] = x.shape.slice(-2);
    const k = Math.min(m, n);
    const [q, r] = decompose(
      "linalg.qr",
      x,
      [
        [m, k],
        [k, n],
      ],
      hostQr,
    );
    return { q: q as Tensor, r: r as Tensor };
  });
}

/**
 * Eigenvalues (ascending) and orthonormal eigenvectors (columns) of the symmetric part of `a`. The
 * largest entry of each vector is positive.
 */
function eigh(a: Tensor): { readonly values: Tensor; readonly vectors: Tensor } {
  return tidy(() => {
    const x = checkMatrix("linalg.eigh", a, true);
    const n = x.shape.at(-1) as number;
    const parts = onHost(x)
      ? decompose("linalg.eigh", x, [[n], [n, n]], hostEigh)
      : traced("linalg.eigh", () => np.linalg.eigh(unwrap(x))).map(wrap);
    const [values, vectors] = parts as [Tensor, Tensor];
    return { values, vectors };
  });
}

/**
 * Eigenvalues and unit eigenvectors (columns) of any square matrix, as complex numbers: largest
 * size first, then larger real part. The largest entry of each vector is real and positive.
 */
function eig(a: Tensor): { readonly values: Complex; readonly vectors: Complex } {
  return tidy(() => {
    const x = checkMatrix("linalg.eig", a, true);
    eagerOnly("linalg.eig", x);
    const n = x.shape.at(-1) as number;
    const parts = decompose("linalg.eig", x, [[n], [n], [n, n], [n, n]], hostEig);
    const [re, im, vectorRe, vectorIm] = parts as [Tensor, Tensor, Tensor, Tensor];
    return { values: { re, im }, vectors: { re: vectorRe, im: vectorIm } };
  });
}

function singular(where: string): never {
  throw new InputError(`${where}: the matrix must be invertible, got a singular one`);
}

/** The inverse. */
function inv(a: Tensor): Tensor {
  return tidy(() => {
    const x = checkMatrix("linalg.inv", a, true);
    if (!onHost(x)) return wrap(np.linalg.inv(unwrap(x)));
    const n = x.shape.at(-1) as number;
    const invert = (one: Dense): Dense[] => [hostInv(one) ?? singular("linalg.inv")];
    return decompose("linalg.inv", x, [[n, n]], invert)[0] as Tensor;
  });
}

/** The determinant. */
function det(a: Tensor): Tensor {
  return tidy(() => {
    const x = checkMatrix("linalg.det", a, true);
    if (!onHost(x)) return wrap(np.linalg.det(unwrap(x)));
    const determinant = (one: Dense): Dense[] => [dense(1, 1, [hostDet(one)])];
    return decompose("linalg.det", x, [[]], determinant)[0] as Tensor;
  });
}

/** The x with a x = b; b is a vector [n] or matrices [..., n, m]. */
function solve(a: Tensor, b: Tensor): Tensor {
  return tidy(() => {
    const common = promote(toFloat(a.dtype), toFloat(b.dtype));
    const x = checkMatrix("linalg.solve", a, true).astype(common);
    const n = x.shape.at(-1) as number;
    if (b.shape.at(b.ndim === 1 ? 0 : -2) !== n) {
      throw new ShapeError("linalg.solve: rows must agree", x.shape, b.shape);
    }
    const vector = b.ndim === 1;
    const y = (vector ? b.reshape([n, 1]) : b).astype(common);
    const columns = y.shape.at(-1) as number;
    const batch = broadcastShapes("linalg.solve", x.shape.slice(0, -2), y.shape.slice(0, -2));
    const left = broadcastTo(x, [...batch, n, n]);
    const right = broadcastTo(y, [...batch, n, columns]);
    const found = onHost(left, right)
      ? solveOnHost(left, right)
      : wrap(np.linalg.solve(unwrap(left), unwrap(right)));
    return vector ? found.reshape([...batch, n]) : found;
  });
}

function solveOnHost(a: Tensor, b: Tensor): Tensor {
  const right = matricesOf("linalg.solve", b);
  const parts = matricesOf("linalg.solve", a).map(
    (one, i) => hostSolve(one, right[i] as Dense) ?? singular("linalg.solve"),
  );
  return gather(b.shape.slice(0, -2), b.shape.slice(-2), b.dtype, parts);
}

/** Singular values, QR, eigenvalues, norms, inverses, linear systems and determinants. */
export const linalg = { svd, qr, eigh, eig, norm, inv, solve, det } as const;
