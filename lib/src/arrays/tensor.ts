/** The Tensor: a jax-js array or tracer without manual memory management. */

/// <reference lib="esnext.disposable" preserve="true" />
/// <reference lib="esnext.float16" preserve="true" />

import { InputError, ShapeError } from "../core/errors.ts";
import { type DType, type NdArray, nd, type Shape, sizeOf } from "../core/nd.ts";
import { checkOptions } from "../core/options.ts";
import { displayArray, firstNumbers, type TensorDisplay } from "./display.ts";
import { checkRoom, promote, promoteNumber, toFloat } from "./dtype.ts";
import { unary } from "./exact.ts";
import { immutable, noOperators, notAnOperand } from "./immutable.ts";
import { checkPart, type Index } from "./index-part.ts";
import { isConcrete, np, type Tracer } from "./jax.ts";
import { currentOwner } from "./levels.ts";
import { type Box, freeBox, makeBox, onHost } from "./memory.ts";
import { type NestedNumbers, nest } from "./nested.ts";
import { checkPlaces } from "./places.ts";
import { hostMatmul } from "./product-host.ts";
import { noted } from "./reads.ts";
import { broadcastShapes, checkAxes, checkPermutation, checkReshape } from "./shapes.ts";

/** Axes to reduce over; all of them when left out. */
export type Axis = number | readonly number[];

/** `keepdims` leaves each reduced axis in place with size 1 (default false). */
export interface ReduceOptions {
  readonly keepdims?: boolean;
}

/** Wrap a jax-js array or tracer, taking over one reference. */
export function wrap(tracer: Tracer): Tensor {
  return new Tensor(tracer);
}

/** A fresh reference to what a tensor wraps; the caller must consume or dispose of it. */
export let unwrap: (tensor: Tensor) => Tracer;

/** The box of a tensor. */
export let boxOf: (tensor: Tensor) => Box;

/** How many operations have used a tensor; reading its numbers is none. */
export let usesOf: (tensor: Tensor) => number;

/** Whether a tensor holds numbers, and is not a place in a function that is being traced. */
export function isReadable(tensor: Tensor): boolean {
  const { tracer } = boxOf(tensor);
  return tracer !== undefined && isConcrete(tracer);
}

/** Wrap the result of a computation on fresh references. */
export function lift(f: (...tracers: Tracer[]) => Tracer, ...tensors: readonly Tensor[]): Tensor {
  return wrap(f(...tensors.map(unwrap)));
}

/** A number as a tensor of shape [] and exactly this dtype. @throws InputError if it has no room. */
export function scalar(value: number, dtype: DType): Tensor {
  checkRoom(dtype, value);
  return wrap(np.full([], dtype === "bool" ? value !== 0 : value, { dtype }));
}

/** Both operands as tensors of the dtype at which they meet. */
export function toCommonDtype(a: Tensor | number, b: Tensor | number): [Tensor, Tensor] {
  if (typeof a === "number") {
    const y = typeof b === "number" ? scalar(b, "float32") : b;
    const dtype = promoteNumber(y.dtype, a);
    return [scalar(a, dtype), y.astype(dtype)];
  }
  if (typeof b === "number") {
    const dtype = promoteNumber(a.dtype, b);
    return [a.astype(dtype), scalar(b, dtype)];
  }
  const dtype = promote(a.dtype, b.dtype);
  return [a.astype(dtype), b.astype(dtype)];
}

/** Apply an elementwise function of two arguments at the dtype where they meet, broadcasting. */
export function binary(
  name: string,
  f: (x: Tracer, y: Tracer) => Tracer,
  a: Tensor | number,
  b: Tensor | number,
): Tensor {
  checkOperand(name, a);
  checkOperand(name, b);
  if (typeof a !== "number" && typeof b !== "number") broadcastShapes(name, a.shape, b.shape);
  const [x, y] = toCommonDtype(a, b);
  return lift(f, x, y);
}

/** @throws InputError for what is no tensor and, unless `numbers` is false, no number. */
export function checkOperand(name: string, value: unknown, numbers = true): void {
  if (value instanceof Tensor || (numbers && typeof value === "number")) return;
  throw notAnOperand(name, value, numbers);
}

/** Numbers, or a place in a function that is being traced. Operations return new tensors. */
export class Tensor {
  readonly #box: Box;
  #uses = 0;

  static {
    boxOf = (tensor) => tensor.#box;
    unwrap = (tensor) => {
      tensor.#uses += 1;
      return tensor.#own().ref;
    };
    usesOf = (tensor) => tensor.#uses;
    Object.setPrototypeOf(Tensor.prototype, immutable);
  }

  /** For `wrap` only; users make tensors with `tensor()`, `zeros()` and so on. */
  constructor(tracer: Tracer) {
    this.#box = makeBox(tracer, this, currentOwner());
  }

  #own(): Tracer {
    const { tracer } = this.#box;
    if (tracer === undefined) {
      throw new InputError(
        "Tensor: freed by its scope or by dispose(); keep it with scope.keep(tensor)",
      );
    }
    return tracer;
  }

  get shape(): Shape {
    return this.#own().shape;
  }

  get dtype(): DType {
    return this.#own().dtype;
  }

  get ndim(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  add(other: Tensor | number): Tensor {
    return binary("add", (x, y) => x.add(y), this, other);
  }

  sub(other: Tensor | number): Tensor {
    checkOperand("sub", other);
    if (typeof other === "number") return this.add(-other);
    return binary("sub", (x, y) => x.add(y.neg()), this, other);
  }

  mul(other: Tensor | number): Tensor {
    return binary("mul", (x, y) => x.mul(y), this, other);
  }

  /** True division: integers become float32. By tensors, a product with the reciprocal. */
  div(other: Tensor | number): Tensor {
    checkOperand("div", other);
    const self = this.astype(toFloat(this.dtype));
    if (typeof other === "number") return self.mul(1 / other);
    const divisor = other.astype(toFloat(other.dtype));
    return binary("div", (x, y) => x.mul(unary("reciprocal", y)), self, divisor);
  }

  neg(): Tensor {
    const dtype = this.dtype === "bool" ? "int32" : this.dtype;
    return lift((x) => x.neg(), this.astype(dtype));
  }

  /**
   * A constant power. Whole exponents up to 64 multiply and keep the dtype (a negative one divides
   * and makes a float), 0.5 and -0.5 take the square root, others are exp(exponent * log(x)) and
   * need x > 0.
   */
  pow(exponent: number): Tensor {
    if (exponent < 0)
      return lift((x) => unary("reciprocal", x), this.astype(toFloat(this.dtype)).pow(-exponent));
    if (Number.isInteger(exponent) && exponent <= 64) return this.#wholePower(exponent);
    const x = this.astype(toFloat(this.dtype));
    if (exponent === 0.5) return lift(np.sqrt, x);
    const log = lift((v) => unary("log", v), x);
    return lift((v) => unary("exp", v), log.mul(exponent));
  }

  #wholePower(exponent: number): Tensor {
    if (exponent === 0) return this.mul(0).add(1);
    let square: Tensor = this.dtype === "bool" ? this.astype("int32") : this;
    let result: Tensor | undefined;
    for (let n = exponent; ; n >>= 1) {
      if (n & 1) result = result === undefined ? square : result.mul(square);
      if (n <= 1) return lift((x) => x, result as Tensor);
      square = square.mul(square);
    }
  }

  /** Matrix product over the last axis of this and the last but one of `other`; leading axes broadcast. */
  matmul(other: Tensor): Tensor {
    checkOperand("matmul", other, false);
    const a = this.shape;
    const b = other.shape;
    if (a.length === 0 || b.length === 0 || a.at(-1) !== b.at(b.length === 1 ? 0 : -2)) {
      throw new ShapeError("matmul: inner sizes must agree", a, b);
    }
    if (a.length > 2 && b.length > 2) broadcastShapes("matmul", a.slice(0, -2), b.slice(0, -2));
    const [x, y] = toCommonDtype(this, other);
    if (x.dtype === "float64" && onHost(boxOf(x), boxOf(y))) {
      const { data, shape, dtype } = hostMatmul(x.readSync(), y.readSync());
      return wrap(np.array(data, { shape, dtype }));
    }
    const rank = Math.max(a.length, b.length);
    const left = a.length > 1 && b.length > 2 ? padRank(x, rank) : x;
    return lift(np.matmul, left, b.length > 2 ? padRank(y, rank) : y);
  }

  greater(other: Tensor | number): Tensor {
    return binary("greater", (x, y) => x.greater(y), this, other);
  }

  less(other: Tensor | number): Tensor {
    return binary("less", (x, y) => x.less(y), this, other);
  }

  equal(other: Tensor | number): Tensor {
    return binary("equal", (x, y) => x.equal(y), this, other);
  }

  notEqual(other: Tensor | number): Tensor {
    return binary("notEqual", (x, y) => x.notEqual(y), this, other);
  }

  greaterEqual(other: Tensor | number): Tensor {
    return binary("greaterEqual", (x, y) => x.greaterEqual(y), this, other);
  }

  lessEqual(other: Tensor | number): Tensor {
    return binary("lessEqual", (x, y) => x.lessEqual(y), this, other);
  }

  #reduce(name: string, axis: Axis | undefined, options: ReduceOptions | undefined): Tensor {
    checkOptions(name, options, { keepdims: true });
    const [axes, keepdims] = [checkAxes(name, axis, this.ndim), options?.keepdims ?? false];
    if (axes.length === 0) return lift((x) => x, this);
    return lift((x) => x[name](axes, { keepdims }), this);
  }

  /** Sum; bool is counted as int32. */
  sum(axis?: Axis, options?: ReduceOptions): Tensor {
    const self = this.dtype === "bool" ? this.astype("int32") : this;
    return self.#reduce("sum", axis, options);
  }

  /** Arithmetic mean; integers become float32. */
  mean(axis?: Axis, options?: ReduceOptions): Tensor {
    checkOptions("mean", options, { keepdims: true });
    const { shape } = this;
    const count = sizeOf(checkAxes("mean", axis, shape.length).map((i) => shape[i] as number));
    if (count === 0) throw new InputError(`mean: needs at least one element, got shape [${shape}]`);
    return this.astype(toFloat(this.dtype))
      .sum(axis, options)
      .mul(1 / count);
  }

  /** Maximum. Its gradient is shared equally among ties. */
  max(axis?: Axis, options?: ReduceOptions): Tensor {
    return this.#reduce("max", axis, options);
  }

  /** Minimum. Its gradient is shared equally among ties. */
  min(axis?: Axis, options?: ReduceOptions): Tensor {
    return this.#reduce("min", axis, options);
  }

  /** Product; bool is counted as int32. Its gradient needs factors that are not zero. */
  prod(axis?: Axis, options?: ReduceOptions): Tensor {
    const self = this.dtype === "bool" ? this.astype("int32") : this;
    return self.#reduce("prod", axis, options);
  }

  /** Same numbers in row-major order, other shape; one size may be -1. */
  reshape(shape: Shape): Tensor {
    const to = checkReshape(this.shape, shape);
    return lift((x) => x.reshape(to), this);
  }

  /** Permute the axes: axis i of the result is axis `perm[i]` of this. Reverses them by default. */
  transpose(perm?: readonly number[]): Tensor {
    const axes = checkPermutation(perm, this.ndim);
    return lift((x) => x.transpose(axes), this);
  }

  /** Convert. To an integer truncates; to bool asks whether not zero. */
  astype(dtype: DType): Tensor {
    if (dtype === this.dtype) return lift((x) => x, this);
    if (dtype === "bool") return this.notEqual(0);
    return lift((x) => x.astype(dtype), this);
  }

  /** Pick elements; see `Index`. Axes that are not named are kept. */
  at(...index: readonly Index[]): Tensor {
    const { shape } = this;
    let axis = 0;
    const parts = index.map((part) => {
      if (part === null) return null;
      const size = shape[axis];
      if (size === undefined) {
        throw new InputError(`at: a tensor of shape [${shape}] has no axis ${axis}`);
      }
      axis += 1;
      if (!(part instanceof Tensor)) return checkPart(part, size, axis - 1);
      checkPlaces("at", part, size, isReadable(part));
      return unwrap(part);
    });
    return lift((x) => x.slice(...parts), this);
  }

  /** The numbers. Works only on arrays, not while tracing. */
  async read(): Promise<NdArray> {
    const tracer = this.#readable();
    const { shape, dtype } = this;
    return nd(dtype, shape, copyOf(await tracer.ref.data()));
  }

  /** The numbers, blocking until they are computed. */
  readSync(): NdArray {
    const tracer = this.#readable();
    return noted(this, nd(this.dtype, this.shape, copyOf(tracer.ref.dataSync())));
  }

  #readable(): Tracer {
    const tracer = this.#own();
    if (isConcrete(tracer)) return tracer;
    throw new InputError(
      `Tensor: numbers cannot be read while tracing; return [${this.shape}] from the function instead`,
    );
  }

  /** The only element, as a number. */
  item(): number {
    if (this.size !== 1) throw new ShapeError("item: needs exactly one element", [], this.shape);
    return this.readSync().data[0] as number;
  }

  /** Nested arrays of numbers; a plain number for shape []. */
  tolist(): NestedNumbers {
    const { shape, data } = this.readSync();
    return nest(data, shape, 0, data.length);
  }

  /** Free now. Needed only where neither a scope nor the collector is soon enough. */
  dispose(): void {
    freeBox(this.#box);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What a Jupyter notebook shows (Deno's protocol). */
  [Symbol.for("Jupyter.display")](): TensorDisplay | { readonly "text/plain": string } {
    const plain = this.toString();
    const { tracer } = this.#box;
    if (tracer === undefined || !isConcrete(tracer)) return { "text/plain": plain };
    return displayArray(plain, this.readSync());
  }

  /** Dtype, shape and the first numbers; `console.log` in Node and Deno shows the same. */
  toString(): string {
    const { tracer } = this.#box;
    if (tracer === undefined) return "Tensor(freed)";
    const head = `${this.dtype}[${this.shape}]`;
    if (!isConcrete(tracer)) return `Tensor(traced ${head})`;
    return `Tensor(${head} ${firstNumbers(this.dtype, tracer.ref.dataSync())})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** What JSON.stringify writes: nested lists. */
  toJSON(): NestedNumbers | string {
    return isReadable(this) ? this.tolist() : this.toString();
  }

  /** The text in a template. @throws InputError for operators, which JavaScript has for numbers only. */
  [Symbol.toPrimitive](hint: "string" | "number" | "default"): string {
    if (hint === "string") return this.toString();
    throw noOperators();
  }
}

/** Put axes of size 1 in front: jax-js's matmul mixes up batches of different rank. */
function padRank(x: Tensor, rank: number): Tensor {
  return x.reshape([...Array<number>(rank - x.ndim).fill(1), ...x.shape]);
}

/** Results of jax-js may be views of its own memory. */
function copyOf<T extends { slice(): T }>(data: T): T {
  return data.slice();
}
