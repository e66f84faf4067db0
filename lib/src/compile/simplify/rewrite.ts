/** What a simplification is, and a walk over a program that replaces values as it goes. */

import type { DType, Shape } from "../../core/nd.ts";
import type {
  AnyEquation,
  Constant,
  Equation,
  Operand,
  ParamsOf,
  Primitive,
  Program,
  Variable,
} from "../program.ts";

/** Rewrites a program into one that computes the same. */
export type Simplification = (program: Program) => Program;

/** Adds what a rule needs to the program being written. */
export class Writer {
  readonly equations: AnyEquation[] = [];
  readonly constants: Constant[] = [];
  #nextId: number;

  constructor(program: Program) {
    const ids = [
      ...program.inputs,
      ...program.constants.map(({ variable }) => variable),
      ...program.equations.flatMap(({ outputs }) => outputs),
    ].map(({ id }) => id);
    this.#nextId = 1 + ids.reduce((highest, id) => Math.max(highest, id), -1);
  }

  variable(dtype: DType, shape: Shape): Variable {
    return { kind: "variable", id: this.#nextId++, dtype, shape };
  }

  /** The result of a new equation with one output. */
  equation<P extends Primitive>(
    primitive: P,
    inputs: readonly Operand[],
    params: ParamsOf<P>,
    dtype: DType,
    shape: Shape,
  ): Variable {
    const output = this.variable(dtype, shape);
    const equation: Equation<P> = { primitive, inputs, params, outputs: [output] };
    this.equations.push(equation as unknown as AnyEquation);
    return output;
  }
}

/** What takes the place of an equation's outputs; undefined keeps the equation. */
export type Rule = (equation: AnyEquation, writer: Writer) => readonly Operand[] | undefined;

/** Apply `rule` to each equation in order, with earlier replacements already made. */
export function rewrite(program: Program, rule: Rule): Program {
  const writer = new Writer(program);
  const replaced = new Map<number, Operand>();
  const current = (operand: Operand): Operand =>
    operand.kind === "literal" ? operand : (replaced.get(operand.id) ?? operand);
  for (const original of program.equations) {
    const equation = { ...original, inputs: original.inputs.map(current) } as AnyEquation;
    const result = rule(equation, writer);
    if (!result) {
      writer.equations.push(equation);
      continue;
    }
    for (const [i, output] of equation.outputs.entries()) {
      replaced.set(output.id, result[i] as Operand);
    }
  }
  return {
    inputs: program.inputs,
    constants: [...program.constants, ...writer.constants],
    equations: writer.equations,
    outputs: program.outputs.map(current),
  };
}
