import type { NdArray, Shape } from "../../core/nd.ts";
import { sizeOf, zerosOf } from "../../core/nd.ts";
import type { AnyEquation, Operand, Primitive, Variable } from "../program.ts";
import { rewrite, type Simplification } from "./rewrite.ts";

/** Larger arrays are left to the back end. */
const largest = 2 ** 17;

/**
 * Work out integer arrays that depend on captured arrays only, such as tokens and labels: the
 * lowering of `scatter` is faster for indices that it knows.
 */
export const knownIntegers: Simplification = (program) => {
  const known = new Map(program.constants.map(({ variable, array }) => [variable.id, array]));
  return rewrite(program, (equation, writer) => {
    const [output] = equation.outputs as readonly [Variable];
    const compute = rules[equation.primitive] as Rule | undefined;
    if (!compute || output.dtype !== "int32") return undefined;
    const inputs = equation.inputs.map((operand) => arrayOf(operand, known));
    if (sizeOf(output.shape) > largest) return undefined;
    if (!inputs.every((array) => array !== undefined && array.dtype === output.dtype)) {
      return undefined;
    }
    const variable = writer.variable(output.dtype, output.shape);
    const array = built(output, compute(inputs as NdArray[], equation));
    writer.constants.push({ variable, array });
    known.set(variable.id, array);
    return [variable];
  });
};

/** The element at each index of the output. */
type Rule = (inputs: readonly NdArray[], equation: AnyEquation) => (index: number[]) => number;

function arrayOf(operand: Operand, known: ReadonlyMap<number, NdArray>): NdArray | undefined {
  if (operand.kind === "variable") return known.get(operand.id);
  const data = zerosOf(operand.dtype, 1).fill(operand.value);
  return { dtype: operand.dtype, shape: [], data };
}

function built({ dtype, shape }: Variable, element: (index: number[]) => number): NdArray {
  const data = zerosOf(dtype, sizeOf(shape));
  const index = shape.map(() => 0);
  for (const n of data.keys()) {
    data[n] = element(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return { dtype, shape, data };
}

/** The element of `x` at an index whose last places count; axes of size 1 repeat. */
function at({ shape, data }: NdArray, index: readonly number[]): number {
  const lead = index.length - shape.length;
  const offset = shape.reduce(
    (sum, size, i) => sum * size + (size === 1 ? 0 : (index[i + lead] as number)),
    0,
  );
  return data[offset] as number;
}

const pointwise =
  (f: (x: number, y: number) => number): Rule =>
  ([x, y]) =>
  (index) =>
    f(at(x as NdArray, index), y ? at(y, index) : 0);

function moving<P extends "transpose" | "broadcast" | "shrink">(
  source: (index: number[], equation: Extract<AnyEquation, { primitive: P }>) => number[],
): Rule {
  return ([x], equation) =>
    (index) =>
      at(x as NdArray, source(index, equation as never));
}

function rowMajor(shape: Shape, index: readonly number[]): number {
  return shape.reduce((sum, size, i) => sum * size + (index[i] as number), 0);
}

const rules: { readonly [P in Primitive]?: Rule } = {
  add: pointwise((x, y) => x + y),
  mul: pointwise(Math.imul),
  neg: pointwise((x) => -x),
  transpose: moving<"transpose">((index, { params: { perm } }) =>
    perm.map((_, axis) => index[perm.indexOf(axis)] as number),
  ),
  broadcast: moving<"broadcast">((index, { params: { axis } }) =>
    index.filter((_, i) => !axis.includes(i)),
  ),
  shrink: moving<"shrink">((index, { params: { slice } }) =>
    index.map((i, axis) => i + (slice[axis]?.[0] as number)),
  ),
  reshape:
    ([x], { outputs }) =>
    (index) =>
      (x as NdArray).data[rowMajor((outputs[0] as Variable).shape, index)] as number,
};
