import { sameShape } from "../graph.ts";
import { remade, replacing } from "./pass.ts";

/**
 * x * (1 / y) as one division where y is as large as the result. Where y is smaller (the sums of a
 * softmax), few reciprocals and many products are faster.
 */
export const division = replacing((node, uses) => {
  if (node.op !== "Mul") return undefined;
  const shape = node.outputs[0]?.shape ?? [];
  const [x, y] = node.inputs;
  for (const [numerator, other] of [
    [x, y],
    [y, x],
  ]) {
    const inverse = uses.only(other, "Reciprocal");
    if (inverse && other && sameShape(other.shape, shape)) {
      return remade(node, "Div", [numerator, inverse.inputs[0]]);
    }
  }
  return undefined;
});
