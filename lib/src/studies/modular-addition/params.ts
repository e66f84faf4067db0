import { z } from "zod";
import { isPrime, nearestPrime } from "../../tasks/modular-arithmetic/primes.ts";
import { float64Steps } from "../shared/float64-steps.ts";
import { mostHeads, wholeHeads } from "../shared/heads.ts";

const unit = (description: string, unitName?: string) =>
  unitName === undefined ? { description } : { description, unit: unitName };

/**
 * The analysis asks which frequencies k a model computes with, each of which must tell all p answers
 * apart: cos(2π k d / p) is 1 at d = 0 alone. Where k shares a factor with p it is 1 elsewhere, too.
 */
const composite = ({ input }: { readonly input?: unknown }): string =>
  `must be a prime, so that every frequency tells all answers apart; the nearest is ${nearestPrime(Number(input))}`;

/** Parameters shared by every study of modular arithmetic: the data, the size, the optimizer. */
export const taskParams = {
  operation: z
    .enum(["a+b", "a-b", "a*b", "a/b", "a^2+b^2", "x^2+xy+y^2"])
    .default("a+b")
    .meta(unit("what the model computes, modulo p")),
  p: z
    .int()
    .min(2)
    .max(997)
    .refine(isPrime, { error: composite })
    .default(113)
    .meta(unit("modulus, a prime")),
  trainFraction: z
    .number()
    .gt(0, "must lie strictly between 0 and 1")
    .lt(1, "must lie strictly between 0 and 1")
    .default(0.3)
    .meta(unit("share of all pairs that is trained on")),
  dataSeed: z.int().min(0).max(0xffffffff).default(598).meta(unit("seed of the train/test split")),
  splitGenerator: z
    .enum(["torch", "python"])
    .default("torch")
    .meta(unit("torch.randperm, or Python's random.shuffle as in progress-measures")),
};

/** Optimizer and schedule of logging. `steps` are updates on the full training set. */
export const trainingParams = {
  lr: z.number().positive().default(1e-3).meta(unit("learning rate of AdamW")),
  weightDecay: z.number().min(0).default(1).meta(unit("decoupled weight decay of AdamW")),
  beta1: z.number().min(0).lt(1).default(0.9).meta(unit("decay rate of the first moment")),
  beta2: z.number().min(0).lt(1).default(0.98).meta(unit("decay rate of the second moment")),
  evalEvery: z.int().positive().default(10).meta(unit("log losses and accuracies", "steps")),
};

const fields = z.strictObject({
  ...taskParams,
  dModel: z.int().positive().default(128).meta(unit("width of the residual stream")),
  nHeads: z
    .int()
    .positive()
    .max(mostHeads)
    .default(4)
    .meta(unit("attention heads; must divide dModel")),
  dMlp: z.int().positive().default(512).meta(unit("neurons of the MLP")),
  outputs: z
    .int()
    .positive()
    .optional()
    .meta(unit("answers; default p, and p + 1 in the runs that Nanda et al. published")),
  seed: z.int().min(0).max(0xffffffff).default(999).meta(unit("seed of the initial weights")),
  initOrder: z
    .enum(["pre-1.13", "v1.13+"])
    .default("pre-1.13")
    .meta(unit("TransformerLens version whose order of drawing weights is followed")),
  ...trainingParams,
  steps: z.int().positive().default(16_000).meta(unit("updates", "steps")),
  checkpointEvery: z.int().positive().default(250).meta(unit("save weights", "steps")),
  float64Steps: float64Steps(500),
});

/**
 * The model of Grokking_Demo and of Nanda et al. 2023: one layer, no normalization, ReLU. `outputs` has
 * room for every answer, and heads are of whole width.
 */
export const modularAdditionParams = wholeHeads(fields).refine(
  ({ p, outputs = p }) => outputs >= p,
  { path: ["outputs"], error: "must be at least p" },
);

export type ModularAdditionParams = z.infer<typeof modularAdditionParams>;
