import { z } from "zod";
import { maxModelParams } from "../max-of-two/params.ts";
import { publishedModels } from "./published.ts";

const unit = (description: string, unitName?: string) =>
  unitName === undefined ? { description } : { description, unit: unitName };

/** The published max-of-4 models: no "=", fresh random sequences in every batch. */
export const maxOfFourParams = z.strictObject({
  n: z.int().min(2).max(5).default(4).meta(unit("how many numbers")),
  vocab: z.int().min(2).max(256).default(64).meta(unit("the numbers are 0 … vocab-1")),
  ...maxModelParams,
  seeds: z
    .int()
    .min(1)
    .max(publishedModels.length)
    .default(1)
    .meta(unit("how many models: this seed's, then those of the published seeds in their order")),
  batchSize: z.int().positive().default(128).meta(unit("sequences per update")),
  lr: z.number().positive().default(1e-3).meta(unit("learning rate of AdamW")),
  weightDecay: z.number().min(0).default(0.01).meta(unit("decoupled weight decay of AdamW")),
  beta1: z.number().min(0).lt(1).default(0.9).meta(unit("decay rate of the first moment")),
  beta2: z.number().min(0).lt(1).default(0.999).meta(unit("decay rate of the second moment")),
  steps: z.int().positive().default(3000).meta(unit("updates", "steps")),
  testCount: z.int().positive().default(4096).meta(unit("sequences that losses are tested on")),
  evalEvery: z.int().positive().default(50).meta(unit("log losses and accuracies", "steps")),
  checkpointEvery: z.int().positive().default(300).meta(unit("save weights", "steps")),
});

export type MaxOfFourParams = z.infer<typeof maxOfFourParams>;
