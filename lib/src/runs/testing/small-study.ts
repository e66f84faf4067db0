/** A study of seconds for tests: addition modulo 7, with a companion in mini-batches. */

import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { nd } from "../../core/nd.ts";
import type { Study, TrainedRun } from "../../studies/study.ts";
import { smallPlan } from "../../train/testing/small-plan.ts";

const params = z.strictObject({
  steps: z.int().positive().default(30).meta({ description: "updates", unit: "steps" }),
  lr: z.number().positive().default(1e-2).meta({ description: "learning rate" }),
  weightDecay: z.number().min(0).default(1).meta({ description: "weight decay" }),
  optimizer: z.enum(["adamw", "sgd"]).default("adamw").meta({ description: "optimiser" }),
  shuffled: z.boolean().default(true).meta({ description: "train the companion too" }),
  seed: z.int().min(0).default(3).meta({ description: "seed of the mini-batches" }),
  limit: z.number().default(10).meta({ description: "largest loss that is claimed" }),
  pause: z.number().default(0).meta({ description: "time the analysis waits", unit: "ms" }),
});

export type SmallParams = z.infer<typeof params>;

export interface SmallResults {
  readonly losses: Float64Array;
  readonly companionLoss: number;
  readonly embedding: { readonly dtype: "float32"; readonly shape: readonly number[] };
}

const source = { paper: "a test", at: "section 1" };

export const smallStudy: Study<SmallParams, SmallResults> = {
  name: "small-addition",
  title: "Addition modulo 7",
  source,
  params,
  smoke: { steps: 4, shuffled: false },
  size: () => ({ weights: 1000, tokens: 147 }),
  plan: ({ steps, lr, weightDecay, optimizer }) =>
    smallPlan({
      steps,
      optimizer: { name: optimizer, lr, weightDecay },
    }),
  companions: ({ steps, seed, shuffled }) =>
    shuffled ? { shuffled: smallPlan({ steps, batchSize: 9, batchSeed: seed }) } : {},
  async analyse({ pause }, run, { progress }) {
    progress("reading weights");
    await wait(pause);
    progress("counting losses");
    const weights = await run.weights(run.checkpointSteps.at(-1) as number);
    return {
      losses: Float64Array.from(run.metrics, (row) => row.trainLoss),
      companionLoss: lastLoss(run.companions.shuffled),
      embedding: weights["embed.W_E"] ?? nd("float32", [0], []),
    } as SmallResults;
  },
  claims: ({ limit }, { losses }) => [
    {
      id: "loss",
      text: "The last training loss is small.",
      source,
      expected: limit,
      tolerance: "at most",
      measured: losses.at(-1) ?? 0,
      holds: (losses.at(-1) ?? 0) <= limit,
    },
  ],
  metrics: ({ losses, companionLoss }) => ({ loss: losses.at(-1) ?? 0, companionLoss }),
  report: (_params, { losses }) => [
    { title: "Losses", prose: [`The last loss is ${losses.at(-1)}.`], figures: [] },
  ],
};

function lastLoss(run: TrainedRun | undefined): number {
  return run?.metrics.at(-1)?.trainLoss ?? Number.NaN;
}
