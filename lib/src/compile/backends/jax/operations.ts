/** Each primitive of a program as a call of jax-js's public functions. */

import { lax, numpy, vjp } from "@jax-js/jax";
import type { Unsupported } from "../../onnx/lowering.ts";
import type { CompareOp, Equation, Operand, Primitive, ReduceOp } from "../../program.ts";

/** A jax-js array or tracer. A call consumes one reference of each argument. */
// biome-ignore lint/suspicious/noExplicitAny: jax-js's generics do not survive tracing
export type Tracer = any;

// biome-ignore lint/suspicious/noExplicitAny: as for Tracer
const np = numpy as any;

/** jax-js's `numpy.array`. */
export const createArray: (data: unknown, options: unknown) => Tracer = np.array;

export type Operation<P extends Primitive> = (
  inputs: readonly Tracer[],
  equation: Equation<P>,
) => readonly Tracer[];

const one =
  <P extends Primitive>(f: (...inputs: Tracer[]) => Tracer): Operation<P> =>
  (inputs) => [f(...inputs)];

const reductions: { readonly [O in ReduceOp]: (x: Tracer, axis: number[]) => Tracer } = {
  Add: np.sum,
  Mul: np.prod,
  Max: np.max,
  Min: np.min,
};

const comparisons: { readonly [O in CompareOp]: (x: Tracer, y: Tracer) => Tracer } = {
  less: np.less,
  equal: np.equal,
  not_equal: np.notEqual,
  less_equal: np.lessEqual,
};

const combinations = { and: np.bitwiseAnd, or: np.bitwiseOr, xor: np.bitwiseXor } as const;

/** `x * y` summed over the last axis, which both get in full. */
function dot(x: Tracer, y: Tracer): Tracer {
  const depth = Math.max(x.shape.at(-1), y.shape.at(-1));
  const wide = (a: Tracer): Tracer => np.broadcastTo(a, [...a.shape.slice(0, -1), depth]);
  return np.vecdot(wide(x), wide(y));
}

/** Towards zero, for floats without the rounding of a quotient near an integer. */
function idiv(x: Tracer, y: Tracer): Tracer {
  if (!String(x.dtype).startsWith("float")) return x.div(y);
  const rest = x.ref.mod(y.ref);
  return np.round(x.sub(rest).div(y));
}

/** Axes with `first` in front and the others after them. */
function inFront(rank: number, first: readonly number[]): number[] {
  const all = Array.from({ length: rank }, (_, i) => i);
  return [...first, ...all.filter((i) => !first.includes(i))];
}

function inverse(perm: readonly number[]): number[] {
  return perm.map((_, i) => perm.indexOf(i));
}

function rankOf(indices: readonly Tracer[]): number {
  return Math.max(...indices.map((index) => index.shape.length));
}

/** Where the `count` leading axes go when they end up at `outDim`. */
function toOutDim(rank: number, count: number, outDim: number): number[] {
  const rest = Array.from({ length: rank - count }, (_, i) => i + count);
  const block = Array.from({ length: count }, (_, i) => i);
  return [...rest.slice(0, outDim), ...block, ...rest.slice(outDim)];
}

const gather: Operation<"gather"> = ([x, ...indices], { params, outputs }) => {
  const count = rankOf(indices);
  const turned = x.transpose(inFront(x.shape.length, params.axis));
  const picked = turned.slice(...indices);
  return [picked.transpose(toOutDim(outputs[0]?.shape.length ?? 0, count, params.outDim))];
};

/** jax-js has no public scatter; it is the transpose of the gather at the same places. */
const scatter: Operation<"scatter"> = ([updates, ...indices], { params }) => {
  const order = inFront(params.shape.length, params.axis);
  const shape = order.map((axis) => params.shape[axis] as number);
  const back = inverse(toOutDim(updates.shape.length, rankOf(indices), params.outDim));
  const zeros = np.zeros(shape, { dtype: updates.dtype });
  const [value, pull] = vjp((x: Tracer) => x.slice(...indices), [zeros]) as readonly Tracer[];
  value.dispose();
  const [sums] = pull(updates.transpose(back));
  pull.dispose();
  return [sums.transpose(inverse(order))];
};

const split: Operation<"split"> = ([x], { params }) => {
  const ends = params.sizes.map((_, i) => params.sizes.slice(0, i + 1).reduce((a, b) => a + b));
  return np.split(x, ends.slice(0, -1), params.axis);
};

/** A literal as a jax-js scalar of exactly its dtype. */
export function literalArray(operand: Extract<Operand, { kind: "literal" }>): Tracer {
  return np.full([], operand.dtype === "bool" ? operand.value !== 0 : operand.value, {
    dtype: operand.dtype,
  });
}

const eagerly = "run it eagerly, outside the compiled function";

export const operations: { readonly [P in Primitive]: Operation<P> | Unsupported } = {
  add: one(np.add),
  mul: one(np.multiply),
  idiv: one(idiv),
  mod: one((x, y) => x.mod(y)),
  min: one(np.minimum),
  max: one(np.maximum),
  bit_combine: ([x, y], { params }) => [combinations[params.op](x, y)],
  bit_shift: ([x, y], { params }) => [(params.op === "shl" ? np.leftShift : np.rightShift)(x, y)],
  bit_count: { unsupported: eagerly },
  neg: one(np.negative),
  reciprocal: one(np.reciprocal),
  floor: one(np.floor),
  ceil: one(np.ceil),
  stop_gradient: one((x) => x),
  cast: ([x], { outputs }) => [x.astype(outputs[0]?.dtype)],
  bitcast: { unsupported: eagerly },
  sin: one(np.sin),
  cos: one(np.cos),
  asin: one(np.asin),
  atan: one(np.atan),
  exp: one(np.exp),
  log: one(np.log),
  erf: one(lax.erf as Tracer),
  erfc: one(lax.erfc as Tracer),
  sqrt: one(np.sqrt),
  reduce: ([x], { params }) => [reductions[params.op](x, [...params.axis])],
  dot: one(dot),
  conv: { unsupported: "convolutions are not part of any model here; write them as matmul" },
  pool: { unsupported: "windows are not part of any model here; write them as slices" },
  pool_transpose: { unsupported: "windows are not part of any model here; write them as slices" },
  compare: (inputs, { params }) => {
    const [x, y] = inputs.map((input) => (input.dtype === "bool" ? input.astype("int32") : input));
    return [comparisons[params.op](x, y)];
  },
  where: one(np.where),
  concatenate: (inputs, { params }) => [np.concatenate(inputs, params.axis)],
  split,
  random_bits: {
    unsupported: "random numbers are arguments: draw them with an Rng and pass them in",
  },
  gather,
  transpose: ([x], { params }) => [np.transpose(x, [...params.perm])],
  broadcast: ([x], { params: { shape, axis } }) => {
    const sizes: number[] = [...x.shape];
    const own = shape.map((_, i) => (axis.includes(i) ? 1 : (sizes.shift() as number)));
    return [np.broadcastTo(x.reshape(own), [...shape])];
  },
  reshape: ([x], { params }) => [x.reshape([...params.shape])],
  flip: ([x], { params }) => [np.flip(x, [...params.axis])],
  shrink: ([x], { params }) => [x.slice(...params.slice.map(([start, end]) => [start, end]))],
  pad: ([x], { params }) => [
    np.pad(
      x,
      params.width.map(([before, after]) => [before, after]),
    ),
  ],
  sort: one((x) => np.sort(x, -1)),
  argsort: ([x]) => [np.sort(x.ref, -1), np.argsort(x, -1)],
  scatter,
  triangular_solve: { unsupported: eagerly },
  cholesky: { unsupported: eagerly },
  lu: { unsupported: eagerly },
  jacobi_eigh: { unsupported: eagerly },
  fft: { unsupported: eagerly },
  jit: { unsupported: "nested jit is taken apart before lowering" },
};
