import type { Graph } from "../graph.ts";
import { deadNodes } from "./dead-nodes.ts";
import type { Pass } from "./pass.ts";

const passes: readonly Pass[] = [deadNodes];

/** The graph after every pass, in order. */
export function optimized(graph: Graph): Graph {
  return passes.reduce((current, pass) => pass(current), graph);
}
