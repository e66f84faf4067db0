import type { GraphTensor } from "../graph.ts";
import { sameShape } from "../graph.ts";
import { remade, replacing } from "./pass.ts";

/** A matrix product plus rows, a column or a matrix: the third input of `Gemm`. */
export const gemmBias = replacing((node, uses) => {
  if (node.op !== "Add") return undefined;
  const [x, y] = node.inputs as readonly [GraphTensor, GraphTensor];
  for (const [product, bias] of [
    [x, y],
    [y, x],
  ] as const) {
    const gemm = uses.only(product, "Gemm");
    const shape = node.outputs[0]?.shape ?? [];
    if (gemm?.inputs.length !== 2 || !sameShape(product.shape, shape)) continue;
    return remade(node, "Gemm", [...gemm.inputs, bias], gemm.attributes);
  }
  return undefined;
});
