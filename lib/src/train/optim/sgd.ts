import { z } from "zod";
import type { Tensor } from "../../arrays/index.ts";
import { strictFields } from "../../models/parse.ts";
import type { Optimizer } from "./optimizer.ts";
import { learningRate, weightDecay } from "./options.ts";

/** Options of `sgd`, under PyTorch's names in camelCase. */
export type SgdOptions = {
  readonly name: "sgd";
  readonly lr: number;
  readonly weightDecay: number;
  readonly momentum: number;
};

/**
 * Gradient descent as `torch.optim.SGD`: weight decay is added to the gradient; with momentum the
 * buffer is momentum * buffer + gradient (the first one the gradient itself), without dampening.
 */
export const sgd: Optimizer<SgdOptions> = {
  name: "sgd",
  options: strictFields({
    name: z.literal("sgd"),
    lr: learningRate,
    weightDecay: weightDecay("times the weight, added to its gradient"),
    momentum: z.number().min(0).default(0).meta({ description: "decay rate of past gradients" }),
  }),
  moments: ({ momentum }) => (momentum === 0 ? [] : ["momentum_buffer"]),
  scalars: (_options, _update, lr) => ({ rate: lr }),
  update: ({ weightDecay: decay, momentum }, weight, gradient, moments, scalars) => {
    const total = decay === 0 ? gradient : gradient.add(weight.mul(decay));
    const rate = scalars.rate as Tensor;
    if (momentum === 0) return { weight: weight.sub(total.mul(rate)), moments: {} };
    const buffer = (moments.momentum_buffer as Tensor).mul(momentum).add(total);
    return { weight: weight.sub(buffer.mul(rate)), moments: { momentum_buffer: buffer } };
  },
};
