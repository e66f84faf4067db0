/** Every primitive of jax-js: how it becomes ONNX, or why it does not. */

import type { Primitive, Variable } from "../program.ts";
import { dot } from "./dot.ts";
import * as elementwise from "./elementwise.ts";
import type { GraphTensor } from "./graph.ts";
import { gather, scatter } from "./indexing.ts";
import type { Value } from "./layout.ts";
import type { Lowering, Unsupported } from "./lowering.ts";
import * as movement from "./movement.ts";
import { pointwise } from "./pointwise.ts";
import { reduced } from "./reduction.ts";
import { argsort, sort } from "./sorting.ts";

const contraction: Lowering<"dot"> = ({ graph, inReaderOrder }, [x, y], { outputs }) => {
  const seen = (value: Value): Value => inReaderOrder(outputs[0] as Variable, value);
  return [dot(graph, x as Value, y as Value, seen)];
};

/** Sums of uint32 and bool are taken in a type that ONNX Runtime can reduce. */
const reduce: Lowering<"reduce"> = ({ graph }, [x], { params }) => {
  const type = (x as Value).tensor.type;
  const inner = type === "bool" ? "int32" : type === "uint32" ? "int64" : type;
  const cast = (value: Value, to: GraphTensor["type"]): Value =>
    pointwise(graph, [value], ([tensor]) => graph.cast(tensor as GraphTensor, to));
  return [cast(reduced(graph, cast(x as Value, inner), params.axis, params.op), type)];
};

const eagerly = "run it eagerly, outside the compiled function";

export const lowerings: { readonly [P in Primitive]: Lowering<P> | Unsupported } = {
  add: elementwise.add,
  mul: elementwise.mul,
  idiv: elementwise.idiv,
  mod: elementwise.mod,
  min: elementwise.min,
  max: elementwise.max,
  bit_combine: elementwise.bitCombine,
  bit_shift: elementwise.bitShift,
  bit_count: { unsupported: `ONNX has no operator that counts bits; ${eagerly}` },
  neg: elementwise.neg,
  reciprocal: elementwise.reciprocal,
  floor: elementwise.floor,
  ceil: elementwise.ceil,
  stop_gradient: elementwise.stopGradient,
  cast: elementwise.cast,
  bitcast: { unsupported: `ONNX Runtime has no operator that reinterprets bits; ${eagerly}` },
  sin: elementwise.sin,
  cos: elementwise.cos,
  asin: elementwise.asin,
  atan: elementwise.atan,
  exp: elementwise.exp,
  log: elementwise.log,
  erf: elementwise.erf,
  erfc: elementwise.erfc,
  sqrt: elementwise.sqrt,
  reduce,
  dot: contraction,
  conv: { unsupported: "convolutions are not part of any model here; write them as matmul" },
  pool: { unsupported: "windows are not part of any model here; write them as slices" },
  pool_transpose: { unsupported: "windows are not part of any model here; write them as slices" },
  compare: elementwise.compare,
  where: elementwise.where,
  concatenate: movement.concatenate,
  split: movement.split,
  random_bits: {
    unsupported: "random numbers are arguments: draw them with an Rng and pass them in",
  },
  gather,
  transpose: movement.transpose,
  broadcast: movement.broadcast,
  reshape: movement.reshape,
  flip: movement.flip,
  shrink: movement.shrink,
  pad: movement.pad,
  sort,
  argsort,
  scatter,
  triangular_solve: { unsupported: `ONNX has no triangular solver; ${eagerly}` },
  cholesky: { unsupported: `ONNX has no matrix factorizations; ${eagerly}` },
  lu: { unsupported: `ONNX has no matrix factorizations; ${eagerly}` },
  jacobi_eigh: { unsupported: `ONNX has no eigenvalue solver; ${eagerly}` },
  fft: { unsupported: "write it as a product with a matrix of cosines and sines" },
  jit: { unsupported: "nested jit is taken apart before lowering" },
};
