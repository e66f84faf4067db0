import type { Operand, Variable } from "../program.ts";
import { rewrite, type Simplification } from "./rewrite.ts";

/** Compute equal expressions once. */
export const commonSubexpressions: Simplification = (program) => {
  const seen = new Map<string, readonly Variable[]>();
  return rewrite(program, ({ primitive, inputs, params, outputs }) => {
    const types = outputs.map(({ dtype }) => dtype);
    const key = JSON.stringify([primitive, inputs.map(keyOf), params, types]);
    const known = seen.get(key);
    if (!known) seen.set(key, outputs);
    return known;
  });
};

function keyOf(operand: Operand): string {
  if (operand.kind === "variable") return `%${operand.id}`;
  return `${operand.dtype} ${Object.is(operand.value, -0) ? "-0" : operand.value}`;
}
