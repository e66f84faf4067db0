/** Lowerings of elementwise primitives. Types that an ONNX Runtime kernel lacks take a detour. */

import type { DType, Shape } from "../../core/nd.ts";
import type { CompareOp, Primitive, Variable } from "../program.ts";
import type { ElementType, GraphBuilder, GraphTensor } from "./graph.ts";
import type { Value } from "./layout.ts";
import type { Lowering } from "./lowering.ts";
import { pointwise } from "./pointwise.ts";

type Emit = (graph: GraphBuilder, tensors: readonly GraphTensor[], shape: Shape) => GraphTensor;

/** A node `op` whose result has the type of its first input. */
const plain =
  (op: string, attributes: Readonly<Record<string, number>> = {}): Emit =>
  (graph, tensors, shape) =>
    graph.node(op, tensors, (tensors[0] as GraphTensor).type, shape, { attributes });

/** Compute in another type where the operands have one of the types listed. */
const detour =
  (emit: Emit, through: Readonly<Partial<Record<ElementType, ElementType>>>): Emit =>
  (graph, tensors, shape) => {
    const type = (tensors[0] as GraphTensor).type;
    const other = through[type];
    if (!other) return emit(graph, tensors, shape);
    const wide = tensors.map((tensor) => graph.cast(tensor, other));
    return graph.cast(emit(graph, wide, shape), type);
  };

/** Another operator for bool. */
const logical =
  (op: string, emit: Emit): Emit =>
  (graph, tensors, shape) =>
    tensors[0]?.type === "bool" ? plain(op)(graph, tensors, shape) : emit(graph, tensors, shape);

function lowering<P extends Primitive>(emit: Emit): Lowering<P> {
  return ({ graph, inReaderOrder }, inputs, { outputs }) => [
    pointwise(
      graph,
      inputs,
      (tensors, shape) => emit(graph, tensors, shape),
      (value) => inReaderOrder(outputs[0] as Variable, value),
    ),
  ];
}

const viaInt64 = { uint32: "int64" } as const;

export const add: Lowering<"add"> = lowering(logical("Or", detour(plain("Add"), viaInt64)));
export const mul: Lowering<"mul"> = lowering(logical("And", detour(plain("Mul"), viaInt64)));
export const max: Lowering<"max"> = lowering(logical("Or", plain("Max")));
export const min: Lowering<"min"> = lowering(logical("And", plain("Min")));
export const neg: Lowering<"neg"> = lowering(detour(plain("Neg"), viaInt64));

/** Quotient without its fraction, towards zero. */
export const idiv: Lowering<"idiv"> = lowering((graph, tensors, shape) => {
  const quotient = detour(plain("Div"), viaInt64)(graph, tensors, shape);
  if (quotient.type !== "float32" && quotient.type !== "float64") return quotient;
  const size = graph.node("Floor", [absolute(graph, quotient)], quotient.type, shape);
  const sign = graph.node("Sign", [quotient], quotient.type, shape);
  return graph.node("Mul", [size, sign], quotient.type, shape);
});

function absolute(graph: GraphBuilder, x: GraphTensor): GraphTensor {
  return graph.node("Abs", [x], x.type, x.shape);
}

/** Remainder with the sign of the numerator. */
export const mod: Lowering<"mod"> = lowering(plain("Mod", { fmod: 1 }));

export const reciprocal: Lowering<"reciprocal"> = lowering(plain("Reciprocal"));
export const floor: Lowering<"floor"> = lowering(plain("Floor"));
export const ceil: Lowering<"ceil"> = lowering(plain("Ceil"));
export const sin: Lowering<"sin"> = lowering(plain("Sin"));
export const cos: Lowering<"cos"> = lowering(plain("Cos"));
export const asin: Lowering<"asin"> = lowering(plain("Asin"));
export const atan: Lowering<"atan"> = lowering(plain("Atan"));
export const exp: Lowering<"exp"> = lowering(plain("Exp"));
export const log: Lowering<"log"> = lowering(plain("Log"));
export const sqrt: Lowering<"sqrt"> = lowering(plain("Sqrt"));
export const erf: Lowering<"erf"> = lowering(plain("Erf"));
/** One minus the error function. */
export const erfc: Lowering<"erfc"> = lowering((graph, tensors, shape) => {
  const erf = plain("Erf")(graph, tensors, shape);
  return graph.node("Sub", [graph.scalar("float32", 1), erf], "float32", shape);
});

/** The identity: only differentiation looks at it. */
export const stopGradient: Lowering<"stop_gradient"> = (_context, [x]) => [x as Value];

export const cast: Lowering<"cast"> = ({ graph }, inputs, { outputs }) => {
  const to = outputs[0]?.dtype as DType;
  return [pointwise(graph, inputs, ([x]) => graph.cast(x as GraphTensor, to))];
};

const comparisons: { readonly [O in CompareOp]: Emit } = {
  less: comparison("Less"),
  equal: comparison("Equal"),
  less_equal: comparison("LessOrEqual"),
  not_equal: (graph, tensors, shape) =>
    graph.node("Not", [comparison("Equal")(graph, tensors, shape)], "bool", shape),
};

function comparison(op: string): Emit {
  const through: Readonly<Partial<Record<ElementType, ElementType>>> =
    op === "Equal" ? viaInt64 : { ...viaInt64, bool: "int32" };
  return (graph, tensors, shape) => {
    const type = (tensors[0] as GraphTensor).type;
    const operands = tensors.map((tensor) => graph.cast(tensor, through[type] ?? type));
    return graph.node(op, operands, "bool", shape);
  };
}

export const compare: Lowering<"compare"> = ({ graph }, inputs, { params }) => [
  pointwise(graph, inputs, (tensors, shape) => comparisons[params.op](graph, tensors, shape)),
];

/** `where(condition, x, y)`. */
export const where: Lowering<"where"> = ({ graph }, inputs) => [
  pointwise(graph, inputs, ([condition, x, y], shape) => {
    const type = (x as GraphTensor).type;
    const inner = type === "bool" || type === "uint32" ? "int32" : type;
    const sides = [x, y].map((side) => graph.cast(side as GraphTensor, inner));
    const picked = graph.node("Where", [condition as GraphTensor, ...sides], inner, shape);
    return graph.cast(picked, type);
  }),
];

const bitOperators = { and: "And", or: "Or", xor: "Xor" } as const;

export const bitCombine: Lowering<"bit_combine"> = ({ graph }, inputs, { params }) => {
  const op = bitOperators[params.op];
  return [
    pointwise(graph, inputs, (tensors, shape) =>
      logical(op, plain(`Bitwise${op}`))(graph, tensors, shape),
    ),
  ];
};

/** Shifts of uint32; int32 goes through a division by a power of two. */
export const bitShift: Lowering<"bit_shift"> = ({ graph }, inputs, { params }) => {
  const direction = params.op === "shl" ? "LEFT" : "RIGHT";
  return [
    pointwise(graph, inputs, ([x, by], shape) => {
      const operands = [x, by].map((tensor) => graph.cast(tensor as GraphTensor, "uint32"));
      const shifted = graph.node("BitShift", operands, "uint32", shape, {
        attributes: { direction },
      });
      return graph.cast(shifted, (x as GraphTensor).type);
    }),
  ];
};
