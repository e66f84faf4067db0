import { z } from "zod";
import { groupName } from "../../tasks/index.ts";
import { mostHeads, wholeHeads } from "../shared/heads.ts";

const unit = (description: string, unitName?: string) =>
  unitName === undefined ? { description } : { description, unit: unitName };

const size = z.int().positive();

const fields = z.strictObject({
  group: groupName
    .default("S4")
    .meta(unit("the group: C113, D59, S4, A5, or a direct product such as C2xS3")),
  model: z
    .enum(["one-layer-mlp", "bilinear", "hooked-transformer"])
    .default("one-layer-mlp")
    .meta(unit("kind of network")),
  dEmbed: size.default(256).meta(unit("width of the embeddings of a one-layer-mlp or bilinear")),
  dMlp: size.optional().meta(unit("neurons; default 128 in a one-layer-mlp, 512 in a transformer")),
  bias: z.boolean().default(false).meta(unit("give a one-layer-mlp biases")),
  dModel: size.default(128).meta(unit("width of a transformer's residual stream")),
  nHeads: size.max(mostHeads).default(4).meta(unit("a transformer's heads; must divide dModel")),
  trainFraction: z
    .number()
    .gt(0, "must lie strictly between 0 and 1")
    .lt(1, "must lie strictly between 0 and 1")
    .default(0.5)
    .meta(unit("share of all pairs that is trained on")),
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .default(1)
    .meta(unit("seed of the split, and again of the initial weights")),
  lr: z.number().positive().default(1e-3).meta(unit("learning rate of AdamW")),
  weightDecay: z.number().min(0).default(1).meta(unit("decoupled weight decay of AdamW")),
  beta1: z.number().min(0).lt(1).default(0.9).meta(unit("decay rate of the first moment")),
  beta2: z.number().min(0).lt(1).default(0.999).meta(unit("decay rate of the second moment")),
  steps: size.default(40_000).meta(unit("updates", "steps")),
  evalEvery: size.default(100).meta(unit("log losses and accuracies", "steps")),
  checkpointEvery: size.default(1000).meta(unit("save weights", "steps")),
  irreps: z
    .enum(["published", "all"])
    .default("published")
    .meta(unit("representations that count: those of the published code (6 of S6's 11), or all")),
  published: z
    .boolean()
    .default(true)
    .meta(unit("also open the published models and repeat the first steps of two published runs")),
});

/**
 * Defaults: group, split, seed and betas of the notebook on S4, sizes and weight decay of Chughtai et al.
 * 2023 (the notebook has 0.7 and 200,000 updates). Heads are of whole width.
 */
export const groupCompositionParams = wholeHeads(fields);

export type GroupCompositionParams = z.infer<typeof groupCompositionParams>;

/** Looked at when a reader does not say otherwise: the last checkpoint, and nothing in particular. */
export const groupCompositionView = z.strictObject({
  step: z
    .int()
    .min(0)
    .optional()
    .meta({ description: "checkpoint to look at, by default the last", unit: "steps" }),
  neuron: z
    .int()
    .min(0)
    .optional()
    .meta({ description: "neuron to look at, by default none in particular" }),
  representation: z
    .string()
    .optional()
    .meta({ description: "representation to look at, as in freq_3; by default none" }),
  pair: z
    .array(z.int().min(0))
    .optional()
    .meta({ description: "numbers of two elements to multiply, as in 3,17; by default none" }),
});

export type GroupCompositionView = z.infer<typeof groupCompositionView>;
