import { z } from "zod";
import { quantizations } from "../../models/index.ts";
import { taskParams, trainingParams } from "../modular-addition/params.ts";
import { mostHeads, wholeHeads } from "../shared/heads.ts";

const fields = z.strictObject({
  ...taskParams,
  dModel: z.int().positive().default(128).meta({ description: "width of the residual stream" }),
  nHeads: z
    .int()
    .positive()
    .max(mostHeads)
    .default(4)
    .meta({ description: "attention heads; must divide dModel" }),
  quantization: z
    .enum(quantizations)
    .default("binary")
    .meta({ description: "of the weights in attention and MLP" }),
  compare: z
    .boolean()
    .default(true)
    .meta({ description: "train ternary and full-precision weights too, to compare with" }),
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .default(999)
    .meta({ description: "seed of the notebook's random stream" }),
  ...trainingParams,
  steps: z.int().positive().default(3000).meta({ description: "updates", unit: "steps" }),
  compareSteps: z.int().positive().default(8000).meta({
    description: "updates of the models to compare with, which learn later; at least steps",
    unit: "steps",
  }),
  checkpointEvery: z
    .int()
    .positive()
    .default(100)
    .meta({ description: "save weights", unit: "steps" }),
});

/** The binary model of Li 2024 and its training; weight decay 1 makes it grok. */
export const bitNetParams = wholeHeads(fields);

export type BitNetParams = z.infer<typeof bitNetParams>;
