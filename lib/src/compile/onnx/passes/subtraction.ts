import { remade, replacing } from "./pass.ts";

/** x + (-y) as one subtraction; jax-js has no other. */
export const subtraction = replacing((node, uses) => {
  if (node.op !== "Add") return undefined;
  const [x, y] = node.inputs;
  const right = uses.maker(y);
  if (right?.op === "Neg") return remade(node, "Sub", [x, right.inputs[0]]);
  const left = uses.maker(x);
  if (left?.op === "Neg") return remade(node, "Sub", [y, left.inputs[0]]);
  return undefined;
});
