import { z } from "zod";
import { strictFields } from "../../models/parse.ts";
import { adamDirection, adamMoments, adamScalars } from "./moments.ts";
import type { Optimizer } from "./optimizer.ts";
import { adamBetas, adamEps, learningRate, weightDecay } from "./options.ts";

/** Options of `adam`, under PyTorch's names in camelCase. */
export type AdamOptions = {
  readonly name: "adam";
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
};

/** Adam as `torch.optim.Adam`: weight decay is added to the gradient (Kingma & Ba 2015). */
export const adam: Optimizer<AdamOptions> = {
  name: "adam",
  options: strictFields({
    name: z.literal("adam"),
    lr: learningRate,
    betas: adamBetas,
    eps: adamEps,
    weightDecay: weightDecay("times the weight, added to its gradient"),
  }),
  moments: () => adamMoments,
  scalars: adamScalars,
  update: (options, weight, gradient, moments, scalars) => {
    const decay = options.weightDecay;
    const total = decay === 0 ? gradient : gradient.add(weight.mul(decay));
    const step = adamDirection(options, total, moments, scalars);
    return { weight: weight.sub(step.change), moments: step.moments };
  },
};
