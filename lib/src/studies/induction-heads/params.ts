import { z } from "zod";
import { mostHeads, wholeHeads } from "../shared/heads.ts";

const meta = (description: string, unit?: string) =>
  unit === undefined ? { description } : { description, unit };

const fields = z.strictObject({
  vocabulary: z.int().min(8).default(128).meta(meta("tokens; 0 only begins a sequence")),
  copyLength: z
    .int()
    .min(2)
    .max(256)
    .default(16)
    .meta(meta("length of the subsequence that comes back", "tokens")),
  copies: z.int().min(2).max(16).default(3).meta(meta("times it occurs, the first included")),
  slack: z
    .int()
    .min(0)
    .max(256)
    .default(12)
    .meta(meta("random tokens around each copy, before it and after it", "tokens")),
  dModel: z.int().positive().default(48).meta(meta("width of the residual stream")),
  nHeads: z
    .int()
    .positive()
    .max(mostHeads)
    .default(4)
    .meta(meta("attention heads per layer; must divide dModel")),
  batchSize: z.int().positive().default(32).meta(meta("new sequences for every update")),
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .default(1)
    .meta(meta("seed of the initial weights; the sequences have the next one")),
  lr: z.number().positive().default(5e-3).meta(meta("learning rate of AdamW")),
  weightDecay: z.number().min(0).default(0.1).meta(meta("decoupled weight decay of AdamW")),
  beta1: z.number().min(0).lt(1).default(0.9).meta(meta("decay rate of the first moment")),
  beta2: z.number().min(0).lt(1).default(0.98).meta(meta("decay rate of the second moment")),
  steps: z.int().positive().default(2000).meta(meta("updates", "steps")),
  evalEvery: z.int().positive().default(25).meta(meta("log the losses of a batch", "steps")),
  checkpointEvery: z.int().positive().default(50).meta(meta("save weights", "steps")),
});

/** The data and sizes of the published run; smaller batches and larger steps, to be done in minutes. */
export const inductionHeadsParams = wholeHeads(fields);

export type InductionHeadsParams = z.infer<typeof fields>;
