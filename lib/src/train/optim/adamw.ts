import { z } from "zod";
import type { Tensor } from "../../arrays/index.ts";
import { strictFields } from "../../models/parse.ts";
import { adamDirection, adamMoments, adamScalars } from "./moments.ts";
import type { Optimizer } from "./optimizer.ts";
import { adamBetas, adamEps, learningRate, weightDecay } from "./options.ts";

/** Options of `adamw`, under PyTorch's names in camelCase. */
export type AdamWOptions = {
  readonly name: "adamw";
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
};

/**
 * AdamW as `torch.optim.AdamW`: the weight is multiplied by 1 - lr * weightDecay, then Adam's step
 * is subtracted (Loshchilov & Hutter 2019, algorithm 2).
 */
export const adamw: Optimizer<AdamWOptions> = {
  name: "adamw",
  options: strictFields({
    name: z.literal("adamw"),
    lr: learningRate,
    betas: adamBetas,
    eps: adamEps,
    weightDecay: weightDecay("share of lr by which each weight shrinks per update"),
  }),
  moments: () => adamMoments,
  scalars: (options, update, lr) => ({
    ...adamScalars(options, update, lr),
    keep: 1 - lr * options.weightDecay,
  }),
  update: (options, weight, gradient, moments, scalars) => {
    const step = adamDirection(options, gradient, moments, scalars);
    const kept = options.weightDecay === 0 ? weight : weight.mul(scalars.keep as Tensor);
    return { weight: kept.sub(step.change), moments: step.moments };
  },
};
