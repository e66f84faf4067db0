import type { GraphNode } from "../graph.ts";
import type { Pass } from "./pass.ts";

/** Drop nodes and constants that no output depends on. */
export const deadNodes: Pass = (graph) => {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const live: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some(({ name }) => needed.has(name))) continue;
    for (const { name } of node.inputs) needed.add(name);
    live.unshift(node);
  }
  const initializers = graph.initializers.filter(({ tensor }) => needed.has(tensor.name));
  return { ...graph, nodes: live, initializers };
};
