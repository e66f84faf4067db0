import { z } from "zod";

const unit = (description: string, unitName?: string) =>
  unitName === undefined ? { description } : { description, unit: unitName };

/** The model of every max-of-n study: one head, one layer, nothing else. */
export const maxModelParams = {
  dModel: z.int().positive().default(32).meta(unit("width of the residual stream and of the head")),
  seed: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(123)
    .meta(unit("seed that the seeds of the weights and of the data are derived from")),
};

/** Gross's notebook: pairs of numbers below 64, "=", 408 of the 4,096 pairs to train on. */
export const maxOfTwoParams = z.strictObject({
  n: z.int().min(2).max(5).default(2).meta(unit("how many numbers")),
  vocab: z.int().min(2).max(256).default(64).meta(unit("the numbers are 0 … vocab-1")),
  forcedGaps: z
    .array(z.int().min(0))
    .default([0, 1, 2, 17])
    .meta(unit("gaps between the two largest numbers that go to the training set first")),
  trainFraction: z
    .number()
    .gt(0, "must lie strictly between 0 and 1")
    .lt(1, "must lie strictly between 0 and 1")
    .default(0.099609375)
    .meta(unit("share of all sequences that is trained on")),
  ...maxModelParams,
  lr: z.number().positive().default(1e-3).meta(unit("learning rate of AdamW")),
  weightDecay: z.number().min(0).default(1).meta(unit("decoupled weight decay of AdamW")),
  beta1: z.number().min(0).lt(1).default(0.9).meta(unit("decay rate of the first moment")),
  beta2: z.number().min(0).lt(1).default(0.98).meta(unit("decay rate of the second moment")),
  steps: z
    .int()
    .positive()
    .default(3000)
    .meta(unit("updates, each on the whole training set", "steps")),
  evalEvery: z.int().positive().default(10).meta(unit("log losses and accuracies", "steps")),
  checkpointEvery: z.int().positive().default(10).meta(unit("save weights", "steps")),
});

export type MaxOfTwoParams = z.infer<typeof maxOfTwoParams>;
