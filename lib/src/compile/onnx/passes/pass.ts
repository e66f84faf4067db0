/** What a peephole pass is, and the bookkeeping that passes share. */

import type { Graph, GraphNode, GraphTensor } from "../graph.ts";

/** Rewrites a graph into one that computes the same, in the same order of definition. */
export type Pass = (graph: Graph) => Graph;

/** Who makes each tensor and how often it is read. */
export interface Uses {
  /** The node that defines a tensor; undefined for inputs and constants. */
  maker(tensor: GraphTensor | undefined): GraphNode | undefined;
  /** The maker, if it is an `op` of ONNX that nobody else reads. */
  only(tensor: GraphTensor | undefined, op: string): GraphNode | undefined;
  /** The number in a constant scalar. */
  number(tensor: GraphTensor | undefined): number | undefined;
}

export function usesOf(graph: Graph): Uses {
  const reads = new Map<string, number>();
  const makers = new Map<string, GraphNode>();
  for (const { name } of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs]) {
    reads.set(name, (reads.get(name) ?? 0) + 1);
  }
  for (const node of graph.nodes) for (const { name } of node.outputs) makers.set(name, node);
  const numbers = new Map<string, number>();
  for (const { tensor, data } of graph.initializers) {
    if (tensor.shape.length === 0) numbers.set(tensor.name, Number(data[0]));
  }
  const maker = (tensor: GraphTensor | undefined): GraphNode | undefined =>
    tensor && makers.get(tensor.name);
  return {
    maker,
    only(tensor, op) {
      const node = maker(tensor);
      return node?.op === op && reads.get(tensor?.name ?? "") === 1 ? node : undefined;
    },
    number: (tensor) => tensor && numbers.get(tensor.name),
  };
}

/** Replace single nodes; what becomes of their inputs is left to `deadNodes`. */
export function replacing(
  rule: (node: GraphNode, uses: Uses) => GraphNode | readonly GraphNode[] | undefined,
): Pass {
  return (graph) => {
    const uses = usesOf(graph);
    return { ...graph, nodes: graph.nodes.flatMap((node) => rule(node, uses) ?? node) };
  };
}

/** The same node with another operator and inputs. */
export function remade(
  node: GraphNode,
  op: string,
  inputs: readonly (GraphTensor | undefined)[],
  attributes: GraphNode["attributes"] = {},
): GraphNode {
  return { op, domain: "", inputs: inputs as GraphTensor[], outputs: node.outputs, attributes };
}
