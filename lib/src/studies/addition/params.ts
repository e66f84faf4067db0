import { z } from "zod";
import { float64Steps } from "../shared/float64-steps.ts";
import { mostHeads, wholeHeads } from "../shared/heads.ts";

const meta = (description: string, unit?: string) =>
  unit === undefined ? { description } : { description, unit };

const fields = z.strictObject({
  digits: z.int().min(2).max(10).default(5).meta(meta("digits of each number added", "digits")),
  data: z
    .enum(["infinite", "finite"])
    .default("infinite")
    .meta(meta("new questions for every update, or the same ones with new test questions")),
  trainCount: z.int().positive().default(750).meta(meta("questions of the finite training set")),
  batchSize: z
    .int()
    .positive()
    .default(64)
    .meta(meta("questions per update (infinite), new test questions per step (finite)")),
  dModel: z.int().positive().default(512).meta(meta("width of the residual stream")),
  nHeads: z
    .int()
    .positive()
    .max(mostHeads)
    .default(4)
    .meta(meta("attention heads; must divide dModel")),
  dMlp: z.int().positive().default(2048).meta(meta("neurons of the MLP")),
  outputs: z
    .int()
    .min(10)
    .max(12)
    .default(12)
    .meta(meta("classes: the digits, or all tokens as the notebook has it")),
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .default(129_000)
    .meta(meta("seed of the initial weights, and again of the questions")),
  lr: z.number().positive().default(1e-4).meta(meta("learning rate of AdamW")),
  weightDecay: z.number().min(0).default(0.1).meta(meta("decoupled weight decay of AdamW")),
  beta1: z.number().min(0).lt(1).default(0.9).meta(meta("decay rate of the first moment")),
  beta2: z.number().min(0).lt(1).default(0.98).meta(meta("decay rate of the second moment")),
  warmupSteps: z.int().positive().default(10).meta(meta("linear warm-up", "steps")),
  steps: z.int().positive().default(3000).meta(meta("updates", "steps")),
  evalEvery: z.int().positive().default(1).meta(meta("log the losses of a batch", "steps")),
  checkpointEvery: z.int().positive().default(300).meta(meta("save weights", "steps")),
  float64Steps: float64Steps(0),
});

/** The settings of Quirke's notebook: its questions, model and optimizer. Heads are of whole width. */
export const additionParams = wholeHeads(fields);

export type AdditionStudyParams = z.infer<typeof additionParams>;
