import type { AnyEquation, Operand } from "../program.ts";
import type { Simplification } from "./rewrite.ts";

/** Drop equations and constants that no output depends on. */
export const deadCode: Simplification = (program) => {
  const needed = new Set<number>();
  const need = (operand: Operand): void => {
    if (operand.kind === "variable") needed.add(operand.id);
  };
  program.outputs.forEach(need);
  const equations: AnyEquation[] = [];
  for (const equation of program.equations.toReversed()) {
    if (!equation.outputs.some(({ id }) => needed.has(id))) continue;
    equation.inputs.forEach(need);
    equations.unshift(equation);
  }
  const constants = program.constants.filter(({ variable }) => needed.has(variable.id));
  return { ...program, equations, constants };
};
