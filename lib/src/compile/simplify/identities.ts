import type { Shape } from "../../core/nd.ts";
import { literal } from "../jaxpr.ts";
import type { AnyEquation, Constant, Operand, Primitive, Variable } from "../program.ts";
import { rewrite, type Simplification, type Writer } from "./rewrite.ts";

/**
 * Leave out what does nothing: x + 0, x * 1, moves that move nothing, `stop_gradient`; and treat an
 * array filled with one number as that number. The sign of a zero may change.
 */
export const identities: Simplification = (program) => {
  const rules = new Identities(program.constants);
  return rewrite(program, (equation, writer) => rules.apply(equation, writer));
};

/** Elementwise primitives that can take a number for an operand. */
const elementwise: ReadonlySet<Primitive> = new Set<Primitive>([
  "add",
  "mul",
  "min",
  "max",
  "neg",
  "reciprocal",
  "sqrt",
  "where",
  "compare",
]);

const moves: ReadonlySet<Primitive> = new Set<Primitive>([
  "broadcast",
  "reshape",
  "transpose",
  "flip",
  "shrink",
]);

const scalars: { readonly [P in Primitive]?: (...xs: number[]) => number } = {
  add: (x, y) => x + y,
  mul: (x, y) => x * y,
  min: Math.min,
  max: Math.max,
  neg: (x) => -x,
  reciprocal: (x) => 1 / x,
  sqrt: Math.sqrt,
};

class Identities {
  /** Numbers that fill whole variables. */
  readonly #fills = new Map<number, number>();

  constructor(constants: readonly Constant[]) {
    for (const { variable, array } of constants) {
      const [first = 0] = array.data;
      if (array.data.every((x) => x === first)) this.#fills.set(variable.id, first);
    }
  }

  apply(equation: AnyEquation, writer: Writer): readonly Operand[] | undefined {
    const [input] = equation.inputs as readonly [Operand];
    const output = equation.outputs[0] as Variable;
    if (movesNothing(equation)) return [input];
    const fill = this.#fillOf(input);
    if (moves.has(equation.primitive)) {
      if (fill !== undefined) this.#fills.set(output.id, fill);
      return undefined;
    }
    if (equation.primitive === "dot") return this.#dot(equation.inputs, output, writer);
    if (equation.primitive === "reduce" && fill !== undefined) {
      const { op } = equation.params;
      const count = input.shape.reduce((n, size) => n * size, 1) / sizeOfShape(output.shape);
      const total = op === "Add" ? fill * count : op === "Mul" ? fill ** count : fill;
      return [this.#filled(writer, output, total)];
    }
    if (elementwise.has(equation.primitive)) return this.#elementwise(equation, output, writer);
    return undefined;
  }

  #fillOf(operand: Operand): number | undefined {
    return operand.kind === "literal" ? operand.value : this.#fills.get(operand.id);
  }

  #filled(writer: Writer, { dtype, shape }: Variable, value: number): Operand {
    const number = literal(dtype, value);
    if (shape.length === 0) return number;
    const wide = widened(writer, number, shape);
    if (wide.kind === "variable") this.#fills.set(wide.id, number.value);
    return wide;
  }

  #elementwise(
    equation: AnyEquation,
    output: Variable,
    writer: Writer,
  ): readonly Operand[] | undefined {
    const { primitive, inputs } = equation;
    const fills = inputs.map((input) => this.#fillOf(input));
    const f = output.dtype === "bool" ? undefined : scalars[primitive];
    if (f && fills.every((x) => x !== undefined))
      return [this.#filled(writer, output, f(...fills))];
    const same = this.#neutral(primitive, inputs, fills);
    if (same && same.dtype === output.dtype) return [widened(writer, same, output.shape)];
    const needless = (input: Operand, i: number): boolean =>
      fills[i] !== undefined && input.kind === "variable";
    if (!inputs.some(needless)) return undefined;
    const narrow = inputs.map((input, i) =>
      needless(input, i) ? literal(input.dtype, fills[i] as number) : input,
    );
    const shape = broadcastOf(narrow.map((input) => input.shape));
    const { params } = equation;
    const small = writer.equation(primitive, narrow, params as never, output.dtype, shape);
    return [widened(writer, small, output.shape)];
  }

  /** The operand that the result equals, if there is one. */
  #neutral(
    primitive: Primitive,
    [x, y, z]: readonly Operand[],
    [a, b]: readonly (number | undefined)[],
  ): Operand | undefined {
    const unit = primitive === "add" ? 0 : primitive === "mul" ? 1 : undefined;
    if (unit !== undefined) return a === unit ? y : b === unit ? x : undefined;
    if (primitive === "where" && a !== undefined) return a ? y : z;
    return undefined;
  }

  /** A product with an array filled with one number is a sum. */
  #dot(
    [x, y]: readonly Operand[],
    output: Variable,
    writer: Writer,
  ): readonly Operand[] | undefined {
    const [a, b] = [this.#fillOf(x as Operand), this.#fillOf(y as Operand)];
    const [matrix, fill] = a === undefined ? [x as Operand, b] : [y as Operand, a];
    if (fill === undefined || output.dtype === "bool") return undefined;
    const depth = Math.max(...[x, y].map((side) => (side as Operand).shape.at(-1) ?? 1));
    const own = matrix.shape.at(-1) ?? 1;
    const shape = matrix.shape.slice(0, -1);
    const last = matrix.shape.length - 1;
    const sum = writer.equation(
      "reduce",
      [matrix],
      { op: "Add", axis: [last] },
      output.dtype,
      shape,
    );
    const factor = literal(output.dtype, (fill * depth) / own);
    const scaled =
      factor.value === 1 ? sum : writer.equation("mul", [sum, factor], {}, output.dtype, shape);
    return [widened(writer, scaled, output.shape)];
  }
}

function sizeOfShape(shape: Shape): number {
  return shape.reduce((n, size) => n * size, 1);
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

function broadcastOf(shapes: readonly Shape[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((shape) => shape[shape.length - rank + i] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

/** `x` broadcast to `shape` in NumPy's way, if it is not of that shape already. */
function widened(writer: Writer, x: Operand, shape: Shape): Operand {
  if (sameShape(x.shape, shape)) return x;
  const axis = Array.from({ length: shape.length - x.shape.length }, (_, i) => i);
  return writer.equation("broadcast", [x], { shape, axis }, x.dtype, shape);
}

function movesNothing(equation: AnyEquation): boolean {
  const input = equation.inputs[0] as Operand;
  const output = equation.outputs[0] as Variable;
  switch (equation.primitive) {
    case "stop_gradient":
      return true;
    case "cast":
      return input.dtype === output.dtype;
    case "reshape":
    case "broadcast":
    case "shrink":
    case "pad":
      return sameShape(input.shape, output.shape);
    case "transpose":
      return equation.params.perm.every((axis, i) => axis === i);
    case "flip":
      return equation.params.axis.every((axis) => input.shape[axis] === 1);
    default:
      return false;
  }
}
