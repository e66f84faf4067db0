import { z } from "zod";
import { mostHeads } from "../shared/heads.ts";

const meta = (description: string, unit?: string) =>
  unit === undefined ? { description } : { description, unit };

/** Wider heads than this cannot do more: there are 11 tokens. */
const mostWidth = 64;

const fields = z.strictObject({
  length: z.int().min(3).max(64).default(4).meta(meta("length of a sequence", "tokens")),
  oneIn: z.int().min(1).default(2).meta(meta("one sequence in so many is signal")),
  trainCount: z.int().min(1).default(100_000).meta(meta("sequences to train on")),
  testCount: z.int().min(1).default(1000).meta(meta("sequences to test on")),
  nHeads: z.int().positive().max(mostHeads).default(3).meta(meta("attention heads")),
  dHead: z.int().positive().max(mostWidth).default(1).meta(meta("width of each head")),
  seed: z.int().min(0).max(0xffffffff).default(42).meta(meta("seed of the whole random stream")),
  earlierEpochs: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(60)
    .meta(
      meta("epochs trained before in the same session: they moved the random stream", "epochs"),
    ),
  initRange: z
    .number()
    .positive()
    .default(0.02)
    .meta(meta("standard deviation of initial weights")),
  lr: z.number().positive().default(1e-3).meta(meta("learning rate of Adam")),
  weightDecay: z.number().min(0).default(0).meta(meta("weight decay of Adam, in the gradient")),
  batchSize: z.int().positive().default(10_000).meta(meta("sequences per update")),
  epochs: z.int().positive().default(400).meta(meta("passes over the training set", "epochs")),
});

/** Every update of the first epochs is logged, so that more than this would fill the disk. */
const mostUpdates = 10_000;

/** The notebook's data, model and optimizer, and its random stream. */
export const skipTrigramParams = fields.refine(
  ({ trainCount, batchSize }) => trainCount <= mostUpdates * batchSize,
  {
    path: ["batchSize"],
    error: ({ input }) => {
      const { trainCount } = input as z.infer<typeof fields>;
      const least = Math.ceil(trainCount / mostUpdates);
      return `must be at least ${least}, for at most ${mostUpdates} updates an epoch`;
    },
  },
);

export type SkipTrigramStudyParams = z.infer<typeof skipTrigramParams>;
