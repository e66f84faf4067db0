/** A program as one ONNX graph. */

import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { withoutFloat64 } from "../float64.ts";
import type { AnyEquation, Operand, Primitive, Program, Variable } from "../program.ts";
import { encodeModel } from "./encode.ts";
import { type Graph, GraphBuilder, type GraphTensor, sameShape } from "./graph.ts";
import type { Value } from "./layout.ts";
import { materialized, permuted, reshaped, view } from "./layout.ts";
import type { Lowering, LoweringContext } from "./lowering.ts";
import { lowerings } from "./lowerings.ts";
import { optimized } from "./passes/all.ts";

/** Functions that ONNX Runtime computes in float32 only. */
const missingFloat64: ReadonlySet<Primitive> = new Set(["asin", "atan", "erf", "erfc"] as const);

/** Lower `source`; inputs are named x0, x1, … and outputs y0, y1, … in order. */
export function lowerProgram(source: Program): Graph {
  const program = withoutFloat64(source, missingFloat64);
  const graph = new GraphBuilder();
  const values = new Map<number, Value>();
  const arrays = new Map<number, NdArray>();
  for (const { id, dtype, shape } of program.inputs)
    values.set(id, view(graph.input(dtype, shape)));
  for (const { variable, array } of program.constants) {
    arrays.set(variable.id, array);
    values.set(variable.id, view(graph.constant(array)));
  }
  const look = (operand: Operand): Value => {
    if (operand.kind === "literal") return view(graph.scalar(operand.dtype, operand.value));
    return values.get(operand.id) as Value;
  };
  const context: LoweringContext = {
    graph,
    inReaderOrder: readerOf(program),
    known: (operand) => (operand.kind === "literal" ? undefined : arrays.get(operand.id)),
  };
  for (const equation of program.equations) {
    const results = lowerEquation(context, equation, equation.inputs.map(look));
    for (const [i, output] of equation.outputs.entries())
      values.set(output.id, results[i] as Value);
  }
  const outputs = program.outputs.map((operand, i): GraphTensor => {
    const tensor = materialized(graph, look(operand));
    return graph.output(`y${i}`, tensor);
  });
  return optimized(graph.build(outputs));
}

/** Primitives whose result lies in memory as their operands do. */
const keepsOrder: ReadonlySet<Primitive> = new Set<Primitive>([
  "add",
  "mul",
  "neg",
  "where",
  "max",
  "min",
  "cast",
]);

/** Follow the first reader of each variable through moves and elementwise primitives. */
function readerOf(program: Program): LoweringContext["inReaderOrder"] {
  const readers = new Map<number, AnyEquation>();
  for (const equation of program.equations) {
    for (const input of equation.inputs) {
      if (input.kind === "variable" && !readers.has(input.id)) readers.set(input.id, equation);
    }
  }
  const inReaderOrder = ({ id, shape }: Variable, value: Value): Value => {
    const reader = readers.get(id);
    const output = reader?.outputs[0] as Variable;
    if (reader?.primitive === "transpose") {
      return inReaderOrder(output, permuted(value, reader.params.perm));
    }
    if (reader?.primitive === "reshape") {
      const next = reshaped(value, reader.params.shape);
      return next ? inReaderOrder(output, next) : value;
    }
    const passes = reader && keepsOrder.has(reader.primitive) && sameShape(output.shape, shape);
    return passes ? inReaderOrder(output, value) : value;
  };
  return inReaderOrder;
}

function lowerEquation(
  context: LoweringContext,
  equation: AnyEquation,
  inputs: readonly Value[],
): readonly Value[] {
  const entry = lowerings[equation.primitive];
  if ("unsupported" in entry) {
    const at = (equation.outputs[0] as Variable).shape;
    throw new InputError(`compile: ${equation.primitive} [${at}]: ${entry.unsupported}`);
  }
  return (entry as Lowering<typeof equation.primitive>)(context, inputs, equation as never);
}

/** The bytes of the ONNX model that native and web back ends run. */
export function toOnnx(program: Program): Uint8Array {
  return encodeModel(lowerProgram(program));
}
