/** What a peephole pass is, and the bookkeeping that passes share. */

import type { Graph, GraphNode, GraphTensor } from "../graph.ts";

/** Rewrites a graph into one that computes the same, in the same order of definition. */
export type Pass = (graph: Graph) => Graph;

/** How often each tensor is read, the graph's outputs included. */
export function countUses(graph: Graph): Map<string, number> {
  const uses = new Map<string, number>();
  const count = ({ name }: GraphTensor): void => {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  };
  for (const { inputs } of graph.nodes) inputs.forEach(count);
  graph.outputs.forEach(count);
  return uses;
}

/** The node that defines each tensor. */
export function definitions(graph: Graph): Map<string, GraphNode> {
  const found = new Map<string, GraphNode>();
  for (const node of graph.nodes) for (const { name } of node.outputs) found.set(name, node);
  return found;
}
