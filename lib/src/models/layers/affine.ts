import { matmul, type Tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import type { Weights } from "../model.ts";

/** The weight of that name. @throws InputError when it is missing: only biases may be. */
export function weight(weights: Weights, name: string): Tensor {
  const value = weights[name];
  if (value === undefined) {
    throw new InputError(`weights: "${name}" is missing; only a bias may be left out (it is 0)`);
  }
  return value;
}

/** `x` plus the bias of that name, or `x` itself when the weights hold no such bias. */
export function addBias(x: Tensor, weights: Weights, name: string): Tensor {
  const bias = weights[name];
  return bias === undefined ? x : x.add(bias);
}

/** "head d_model d_head" as one matrix "d_model (head d_head)". */
export function joinInto(w: Tensor): Tensor {
  const [head, dModel, dHead] = w.shape as [number, number, number];
  return w.transpose([1, 0, 2]).reshape([dModel, head * dHead]);
}

/** "head d_head d_model" as one matrix "(head d_head) d_model". */
export function joinOut(w: Tensor): Tensor {
  const [head, dHead, dModel] = w.shape as [number, number, number];
  return w.reshape([head * dHead, dModel]);
}

/** "… (head d_head)" as "… head d_head". */
export function splitHeads(x: Tensor, head: number): Tensor {
  const dims = x.shape.slice(0, -1);
  return x.reshape([...dims, head, (x.shape.at(-1) as number) / head]);
}

/** "… head d_head" as "… (head d_head)". */
export function joinHeads(x: Tensor): Tensor {
  const [dHead, head] = [x.shape.at(-1) as number, x.shape.at(-2) as number];
  return x.reshape([...x.shape.slice(0, -2), head * dHead]);
}

/** "… d_model" times "head d_model d_head": "… head d_head". */
export function project(x: Tensor, w: Tensor): Tensor {
  return splitHeads(matmul(x, joinInto(w)), w.shape[0] as number);
}
