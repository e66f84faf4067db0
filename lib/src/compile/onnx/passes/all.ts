import type { Graph } from "../graph.ts";
import { deadNodes } from "./dead-nodes.ts";
import { division } from "./division.ts";
import { gemmBias } from "./gemm-bias.ts";
import { maskMultiply } from "./mask-multiply.ts";
import { namedOutputs } from "./named-outputs.ts";
import type { Pass } from "./pass.ts";
import { relu } from "./relu.ts";
import { stepMask } from "./step-mask.ts";
import { subtraction } from "./subtraction.ts";

const passes: readonly Pass[] = [
  deadNodes,
  subtraction,
  division,
  maskMultiply,
  gemmBias,
  relu,
  stepMask,
  namedOutputs,
  deadNodes,
];

/** The graph after every pass, in order. */
export function optimized(graph: Graph): Graph {
  return passes.reduce((current, pass) => pass(current), graph);
}
