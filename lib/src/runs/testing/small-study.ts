/** A study of seconds for tests: addition modulo 7, and the same again in shuffled mini-batches. */

import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import {
  type Block,
  claim,
  metrics,
  prose,
  type Reference,
  section,
  summary,
} from "../../article/index.ts";
import { type AnyPlan, type Lab, lastOf, type Study, type Subject } from "../../lab/index.ts";
import { smallPlan } from "../../train/testing/small-plan.ts";

const params = z.strictObject({
  steps: z.int().positive().default(30).meta({ description: "updates", unit: "steps" }),
  lr: z.number().positive().default(1e-2).meta({ description: "learning rate" }),
  weightDecay: z.number().min(0).default(1).meta({ description: "weight decay" }),
  optimizer: z.enum(["adamw", "sgd"]).default("adamw").meta({ description: "optimizer" }),
  shuffled: z.boolean().default(true).meta({ description: "train in mini-batches too" }),
  seed: z.int().min(0).default(3).meta({ description: "seed of the mini-batches" }),
  limit: z.number().default(10).meta({ description: "largest loss that is claimed" }),
  pause: z.number().default(0).meta({ description: "time that measuring takes", unit: "ms" }),
});
export type SmallParams = z.infer<typeof params>;

const view = z.strictObject({
  row: z.int().min(0).max(7).optional().meta({ description: "token; by default none" }),
  step: z
    .int()
    .min(0)
    .optional()
    .meta({ description: "checkpoint; by default the last", unit: "steps" }),
});
export type SmallView = z.infer<typeof view>;

const source: Reference = { paper: "a test", at: "section 1", kind: "own" };

export const smallStudy: Study<SmallParams, SmallView> = {
  name: "small-addition",
  title: "Addition modulo 7",
  sources: [source],
  params,
  view,
  smoke: { steps: 4, shuffled: false },
  measurements: import.meta.url,
  size: () => ({ weights: 1000, tokens: 147 }),
  plans({ steps, lr, weightDecay, optimizer, shuffled, seed }): Record<string, AnyPlan> {
    const model = smallPlan({ steps, optimizer: { name: optimizer, lr, weightDecay } });
    if (!shuffled) return { model };
    return { model, shuffled: smallPlan({ steps, batchSize: 9, batchSeed: seed }) };
  },
  article,
};

async function* article(
  { limit, pause, shuffled }: SmallParams,
  lab: Lab,
  { row, step }: SmallView,
): AsyncGenerator<Block> {
  const training = await lab.training();
  const model = training.at(step);
  const size = await model.measure(weightsSize, pause);
  const first = await training.at(0).measure(embeddingOf, 0, pause);
  const loss = lastOf(training.curves.trainLoss);
  yield summary(`The last loss is ${loss}.`);
  yield section("Losses");
  const known = Number.isNaN(loss) ? undefined : loss;
  yield claim("loss", "The last training loss is small.", source, limit, known, {
    atMost: "a loss that is large was not learned",
  });
  const other = shuffled && lab.dataKnown ? await lab.training("shuffled") : undefined;
  const shuffledLoss = lastOf(other?.curves.trainLoss ?? []);
  yield metrics({
    ...(known !== undefined && { loss, shuffledLoss }),
    size,
    first: first[0] ?? 0,
  });
  if (row === undefined) return;
  yield section(`Token ${row}`);
  yield prose(`Its embedding is ${(await model.measure(embeddingOf, row, pause)).join(", ")}.`);
}

/** Sum of the absolute values of all weights; takes `pause` ms. */
async function weightsSize({ weights }: Subject, pause: number): Promise<number> {
  await wait(pause);
  return Object.values(weights)
    .flatMap(({ data }) => [...data])
    .reduce((sum, x) => sum + Math.abs(x), 0);
}

/** The embedding of a token; takes `pause` ms. */
async function embeddingOf({ weights }: Subject, token: number, pause: number): Promise<number[]> {
  await wait(pause);
  const { shape, data } = weights["embed.W_E"] as Subject["weights"][string];
  const width = shape[1] as number;
  return [...data.subarray(token * width, (token + 1) * width)];
}
