import type { GraphNode, GraphTensor } from "../graph.ts";
import type { Pass } from "./pass.ts";

/** Let nodes write the graph's outputs themselves where a copy would only rename them. */
export const namedOutputs: Pass = (graph) => {
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs).map(({ name }) => name));
  const isOutput = new Set(graph.outputs.map(({ name }) => name));
  const renamed = new Map<string, string>();
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    const [from, to] = [node.inputs[0]?.name ?? "", node.outputs[0]?.name ?? ""];
    const copies = node.op === "Identity" && isOutput.has(to);
    if (copies && made.has(from) && !isOutput.has(from) && !renamed.has(from))
      renamed.set(from, to);
    else nodes.push(node);
  }
  const named = (tensor: GraphTensor): GraphTensor => ({
    ...tensor,
    name: renamed.get(tensor.name) ?? tensor.name,
  });
  return {
    ...graph,
    nodes: nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(named),
      outputs: node.outputs.map(named),
    })),
  };
};
