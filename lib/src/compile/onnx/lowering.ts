/** What a lowering is: an equation of the program as nodes of the graph. */

import type { NdArray } from "../../core/nd.ts";
import type { Equation, Operand, Primitive, Variable } from "../program.ts";
import type { GraphBuilder } from "./graph.ts";
import type { Value } from "./layout.ts";

/** What a lowering can use besides its operands. */
export interface LoweringContext {
  readonly graph: GraphBuilder;
  /** The numbers of an operand that is known while compiling. */
  known(operand: Operand): NdArray | undefined;
  /** How the only reader of a result looks at it, through transposes and reshapes. */
  inReaderOrder(variable: Variable, value: Value): Value;
}

export type Lowering<P extends Primitive> = (
  context: LoweringContext,
  inputs: readonly Value[],
  equation: Equation<P>,
) => readonly Value[];

/** A primitive that ONNX cannot express, with the reason in words. */
export interface Unsupported {
  readonly unsupported: string;
}
