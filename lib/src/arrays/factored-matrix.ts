/** A low-rank matrix kept as the product of its two factors. */

import { InputError, ShapeError } from "../core/errors.ts";
import type { Shape } from "../core/nd.ts";
import { sqrt } from "./elementwise.ts";
import type { Index } from "./index-part.ts";
import { type Complex, linalg } from "./linalg.ts";
import { norm } from "./reduce.ts";
import { tidy } from "./scope.ts";
import { broadcastTo, expandDims, swapaxes } from "./shape-ops.ts";
import { broadcastShapes } from "./shapes.ts";
import { Tensor } from "./tensor.ts";

/**
 * The decomposition M = U diag(S) Vᵀ with rank k = min(ldim, mdim, rdim): U "… ldim k", S "… k"
 * descending, V "… rdim k". V is not transposed, as in TransformerLens.
 */
export interface FactoredSvd {
  readonly U: Tensor;
  readonly S: Tensor;
  readonly V: Tensor;
}

/**
 * The matrix M = A B, "… ldim rdim", held as A "… ldim mdim" and B "… mdim rdim": head circuits
 * such as `W_V W_O` have a small mdim. Leading axes broadcast against each other. What needs a
 * decomposition (`svd`, `norm`, `eigenvalues` and those built on them) works on arrays only, goes
 * through matrices of mdim and is computed again at every call. To keep one out of a scope, keep its
 * `pair`. After `FactoredMatrix` of TransformerLens.
 */
export class FactoredMatrix {
  readonly A: Tensor;
  readonly B: Tensor;
  /** [..., ldim, rdim] */
  readonly shape: Shape;

  /** @throws ShapeError when the inner sizes differ or the leading axes do not broadcast. */
  constructor(A: Tensor, B: Tensor) {
    if (A.ndim < 2 || B.ndim < 2 || A.shape.at(-1) !== B.shape.at(-2)) {
      throw new ShapeError("FactoredMatrix: inner sizes must agree", A.shape, B.shape);
    }
    const leading = broadcastShapes("FactoredMatrix", A.shape.slice(0, -2), B.shape.slice(0, -2));
    this.A = spread(A, leading);
    this.B = spread(B, leading);
    this.shape = [...leading, A.shape.at(-2) as number, B.shape.at(-1) as number];
  }

  /** Rows. */
  get ldim(): number {
    return this.A.shape.at(-2) as number;
  }
  /** Columns. */
  get rdim(): number {
    return this.B.shape.at(-1) as number;
  }
  /** Inner size, which bounds the rank. */
  get mdim(): number {
    return this.A.shape.at(-1) as number;
  }
  get ndim(): number {
    return this.shape.length;
  }
  get hasLeadingDims(): boolean {
    return this.ndim > 2;
  }
  get pair(): readonly [A: Tensor, B: Tensor] {
    return [this.A, this.B];
  }

  /** The product, "… ldim rdim". */
  get AB(): Tensor {
    return this.A.matmul(this.B);
  }

  /** The product in the other order, "… mdim mdim". @throws ShapeError unless square. */
  get BA(): Tensor {
    if (this.ldim !== this.rdim) {
      throw new ShapeError(
        "FactoredMatrix.BA: needs a square matrix",
        [this.rdim, this.rdim],
        [this.ldim, this.rdim],
      );
    }
    return this.B.matmul(this.A);
  }

  /** The transpose. */
  get T(): FactoredMatrix {
    return new FactoredMatrix(transposed(this.B), transposed(this.A));
  }

  /** M X, factored on the side with the smaller inner size. X is a matrix "… rdim n" or factored. */
  matmul(right: Tensor | FactoredMatrix): FactoredMatrix {
    if (right instanceof FactoredMatrix) return this.matmul(right.A).matmul(right.B);
    checkInner("matmul", this.rdim, right, -2);
    return this.rdim > this.mdim
      ? new FactoredMatrix(this.A, this.B.matmul(right))
      : new FactoredMatrix(this.AB, right);
  }

  /** X M, factored on the side with the smaller inner size. X is a matrix "… n ldim" or factored. */
  rmatmul(left: Tensor | FactoredMatrix): FactoredMatrix {
    if (left instanceof FactoredMatrix) return this.rmatmul(left.B).rmatmul(left.A);
    checkInner("rmatmul", this.ldim, left, -1);
    return this.ldim > this.mdim
      ? new FactoredMatrix(left.matmul(this.A), this.B)
      : new FactoredMatrix(left, this.AB);
  }

  /** M v, "… ldim", of a vector "rdim". */
  matvec(v: Tensor): Tensor {
    if (v.ndim !== 1 || v.size !== this.rdim) {
      throw new ShapeError("FactoredMatrix.matvec: vector", [this.rdim], v.shape);
    }
    return this.A.matmul(this.B.matmul(v.reshape([-1, 1]))).reshape(this.shape.slice(0, -1));
  }

  /** v M, "… rdim", of a vector "ldim". */
  vecmat(v: Tensor): Tensor {
    if (v.ndim !== 1 || v.size !== this.ldim) {
      throw new ShapeError("FactoredMatrix.vecmat: vector", [this.ldim], v.shape);
    }
    return this.T.matvec(v);
  }

  /** The matrix times a number, or times a tensor of one element. */
  mul(scale: number | Tensor): FactoredMatrix {
    if (scale instanceof Tensor && scale.size !== 1) {
      throw new ShapeError("FactoredMatrix.mul: needs one number; see matmul", [1], scale.shape);
    }
    const factor = scale instanceof Tensor ? scale.reshape([]) : scale;
    return new FactoredMatrix(this.A.mul(factor), this.B);
  }

  /** Through the decompositions of the two factors. */
  svd(): FactoredSvd {
    return tidy(() => {
      const { left, middle, right } = this.#reduced();
      const { u, s, vh } = linalg.svd(middle);
      return { U: left.matmul(u), S: s, V: right.matmul(transposed(vh)) };
    });
  }

  /** M = left middle rightᵀ, where the columns of left and right are orthonormal. */
  #reduced(): { readonly left: Tensor; readonly middle: Tensor; readonly right: Tensor } {
    const a = linalg.qr(this.A);
    const b = linalg.qr(transposed(this.B));
    return { left: a.q, middle: a.r.matmul(transposed(b.r)), right: b.q };
  }

  /**
   * The mdim eigenvalues of B A, which are those of M apart from zeros: complex, "… mdim", largest
   * size first, then larger real part. @throws ShapeError unless square.
   */
  get eigenvalues(): Complex {
    return tidy(() => linalg.eig(this.BA).values);
  }

  /** Frobenius norm, "…". */
  norm(): Tensor {
    return tidy(() => norm(this.#reduced().middle, [-2, -1]));
  }

  /** The same matrix as (U √S) (√S Vᵀ): both factors have half of each singular value. */
  makeEven(): FactoredMatrix {
    const [a, b] = tidy(() => {
      const { U, S, V } = this.svd();
      const root = sqrt(S);
      return [U.mul(expandDims(root, -2)), expandDims(root, -1).mul(transposed(V))] as const;
    });
    return new FactoredMatrix(a, b);
  }

  /** diag(S) Vᵀ, "… k rdim": M without the orthonormal factor on its left. */
  collapseL(): Tensor {
    return tidy(() => {
      const { S, V } = this.svd();
      return expandDims(S, -1).mul(transposed(V));
    });
  }

  /** U diag(S), "… ldim k": M without the orthonormal factor on its right. */
  collapseR(): Tensor {
    return tidy(() => {
      const { U, S } = this.svd();
      return U.mul(expandDims(S, -2));
    });
  }

  /**
   * Index the leading axes, then rows and columns, as `Tensor.at`. A number keeps the axis of rows
   * or of columns with size 1, so that the result is a FactoredMatrix; `null` adds a leading axis.
   */
  at(...index: readonly Index[]): FactoredMatrix {
    const leading = this.ndim - 2;
    const named = index.filter((part) => part !== null).length;
    if (named > this.ndim) {
      throw new InputError(
        `FactoredMatrix.at: at most ${this.ndim} indices for shape [${this.shape}], got ${named}`,
      );
    }
    const count = named <= leading ? index.length : index.length - (named - leading);
    const front = index.slice(0, count);
    const [row = [], column = []] = index.slice(count);
    if (row === null || column === null) {
      throw new InputError("FactoredMatrix.at: null must stand before the index of the rows");
    }
    const a = this.A.at(...front);
    const b = this.B.at(...front);
    return new FactoredMatrix(
      pick(a, a.ndim - 2, row, this.ldim),
      pick(b, b.ndim - 1, column, this.rdim),
    );
  }

  /** The first `k` entries of every axis of the product. */
  getCorner(k: number = 3): Tensor {
    const first = this.shape.map((size) => [0, Math.min(k, size)] as const);
    return this.at(...first).AB;
  }

  /** A leading axis of size 1 before axis `k`, 0 ≤ k ≤ number of leading axes. */
  unsqueeze(k: number): FactoredMatrix {
    if (!Number.isInteger(k) || k < 0 || k > this.ndim - 2) {
      throw new InputError(
        `FactoredMatrix.unsqueeze: axis must be an integer in [0, ${this.ndim - 2}], got ${k}`,
      );
    }
    return new FactoredMatrix(expandDims(this.A, k), expandDims(this.B, k));
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  toString(): string {
    return `FactoredMatrix([${this.shape}] through ${this.mdim})`;
  }
}

function transposed(x: Tensor): Tensor {
  return swapaxes(x, -2, -1);
}

function spread(x: Tensor, leading: Shape): Tensor {
  return broadcastTo(x, [...leading, ...x.shape.slice(-2)]);
}

function pick(x: Tensor, axis: number, part: Exclude<Index, null>, size: number): Tensor {
  const kept = Array.from({ length: axis }, () => [] as const);
  return x.at(...kept, typeof part === "number" ? one(part, size) : part);
}

function one(i: number, size: number): readonly [number, number] {
  if (!Number.isInteger(i) || i < -size || i >= size) {
    throw new InputError(
      `FactoredMatrix.at: index must be an integer in [${-size}, ${size}), got ${i}`,
    );
  }
  const from = i < 0 ? i + size : i;
  return [from, from + 1];
}

function checkInner(name: string, size: number, x: Tensor, axis: -1 | -2): void {
  if (x.ndim >= 2 && x.shape.at(axis) === size) return;
  const expected = axis === -2 ? [size, -1] : [-1, size];
  throw new ShapeError(`FactoredMatrix.${name}: matrix`, expected, x.shape);
}
