/** Simplifications of a program, each a named pass that keeps its meaning. */

import type { Program } from "./program.ts";
import { commonSubexpressions } from "./simplify/common-subexpressions.ts";
import { deadCode } from "./simplify/dead-code.ts";
import { identities } from "./simplify/identities.ts";
import { knownIntegers } from "./simplify/known-integers.ts";
import type { Simplification } from "./simplify/rewrite.ts";

const passes: readonly Simplification[] = [
  identities,
  knownIntegers,
  commonSubexpressions,
  deadCode,
];

/** The program after every pass, in order. */
export function simplify(program: Program): Program {
  return passes.reduce((current, pass) => pass(current), program);
}
