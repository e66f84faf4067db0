import { elementTypes } from "../graph.ts";
import { type Pass, remade, replacing } from "./pass.ts";

/** The largest float32: times any positive number above 3e-39 it is at least 1. */
const steepest = 2 ** 128 - 2 ** 104;

/**
 * 1 where a rectified float32 tensor is positive and 0 where it is 0, as max(0, min(1, steepest x)):
 * one operator that ONNX Runtime runs on all threads, where `Less` and `Cast` take three times as
 * long. A subnormal x below 3e-39 would count in part; no sum of products of weights is that small
 * without being 0.
 */
export const stepMask: Pass = replacing((node, uses) => {
  if (node.op !== "Cast" || node.attributes.to !== elementTypes.float32) return undefined;
  const less = uses.maker(node.inputs[0]);
  if (less?.op !== "Less" || uses.number(less.inputs[0]) !== 0) return undefined;
  const [, x] = less.inputs;
  if (x?.type !== "float32" || uses.maker(x)?.op !== "Relu") return undefined;
  return remade(node, "HardSigmoid", [x], { alpha: { float: steepest }, beta: { float: 0 } });
});
