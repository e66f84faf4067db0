import type { GraphTensor } from "../graph.ts";
import { type Pass, remade, usesOf } from "./pass.ts";

/**
 * max(x, 0) as `Relu`, and 0 < x as 0 < relu(x), so that nothing reads x any more and ONNX Runtime
 * can apply the `Relu` while the matrix product x is still in the cache.
 */
export const relu: Pass = (graph) => {
  const uses = usesOf(graph);
  const rectified = new Map<string, GraphTensor>();
  const nodes = graph.nodes.map((node) => {
    const [x, y] = node.inputs;
    if (node.outputs[0]?.type === "float32" && node.op === "Max") {
      const input = uses.number(x) === 0 ? y : uses.number(y) === 0 ? x : undefined;
      if (!input) return node;
      rectified.set(input.name, node.outputs[0]);
      return remade(node, "Relu", [input]);
    }
    const positive = rectified.get(y?.name ?? "");
    if (node.op === "Less" && uses.number(x) === 0 && positive) {
      return remade(node, "Less", [x, positive]);
    }
    return node;
  });
  return { ...graph, nodes };
};
