import { elementTypes, type GraphNode, type GraphTensor } from "../graph.ts";
import { type Pass, remade, replacing, type Uses } from "./pass.ts";

/**
 * `where(condition, x, 0)` as a product with the condition, which ONNX Runtime computes several
 * times faster. Only for an x that is finite unless something overflowed before: a matrix product,
 * or sums and products of such. An x that may be infinite on purpose (1 / 0 in the branch not taken)
 * keeps its `Where`, for 0 * infinity is not 0.
 */
export const maskMultiply: Pass = (graph) => {
  const taken = new Set(graph.nodes.flatMap(({ outputs }) => outputs).map(({ name }) => name));
  const fresh = (name: string): string => (taken.has(name) ? fresh(`${name}_`) : name);
  return replacing((node, uses) => {
    if (node.op !== "Where") return undefined;
    const [condition, x, y] = node.inputs as readonly [GraphTensor, GraphTensor, GraphTensor];
    if (x.type !== "float32" && x.type !== "float64") return undefined;
    const [value, keepWhenTrue] = uses.number(y) === 0 ? [x, true] : [y, false];
    if (uses.number(keepWhenTrue ? y : x) !== 0 || !isFiniteByMaking(value, uses)) return undefined;
    const name = node.outputs[0]?.name ?? "";
    const kept: GraphTensor = { ...condition, name: fresh(`${name}_kept`) };
    const mask: GraphTensor = { ...condition, name: fresh(`${name}_mask`), type: x.type };
    const nodes: GraphNode[] = [];
    if (!keepWhenTrue) nodes.push(made("Not", condition, kept));
    nodes.push({
      ...made("Cast", keepWhenTrue ? condition : kept, mask),
      attributes: { to: elementTypes[x.type] },
    });
    return [...nodes, remade(node, "Mul", [value, mask])];
  })(graph);
};

function made(op: string, input: GraphTensor, output: GraphTensor): GraphNode {
  return { op, domain: "", inputs: [input], outputs: [output], attributes: {} };
}

const linear: ReadonlySet<string> = new Set([
  "Add",
  "Sub",
  "Mul",
  "Neg",
  "Reshape",
  "Transpose",
  "Expand",
]);

/** Whether a tensor is made of matrix products by sums and products. */
function isFiniteByMaking(tensor: GraphTensor, uses: Uses, depth = 8): boolean {
  const value = uses.number(tensor);
  if (value !== undefined) return Number.isFinite(value);
  if (tensor.type === "int64") return true;
  const node = uses.maker(tensor);
  if (!node || depth === 0) return false;
  if (node.op === "Gemm" || node.op === "FusedMatMul") return true;
  return (
    linear.has(node.op) && node.inputs.every((input) => isFiniteByMaking(input, uses, depth - 1))
  );
}
