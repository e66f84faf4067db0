import { remade, replacing } from "./pass.ts";

/** max(x, 0) as `Relu`. */
export const relu = replacing((node, uses) => {
  if (node.op !== "Max" || node.outputs[0]?.type !== "float32") return undefined;
  const [x, y] = node.inputs;
  if (uses.number(y) === 0) return remade(node, "Relu", [x]);
  if (uses.number(x) === 0) return remade(node, "Relu", [y]);
  return undefined;
});
