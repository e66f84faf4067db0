import { groupByName } from "../../groups/index.ts";
import type { AnyPlan, PlanSize } from "../../lab/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { groupComposition, type Split } from "../../tasks/index.ts";
import { weightCount } from "../shared/weight-count.ts";
import { kinds } from "./kinds.ts";
import { type GroupCompositionParams, groupCompositionParams } from "./params.ts";

/** All pairs of elements, with "=". */
export function size(params: GroupCompositionParams): PlanSize {
  const { order } = groupByName(params.group);
  const kind = kinds[params.model];
  return {
    weights: weightCount(kind.model, kind.config(params, order)),
    tokens: 3 * order ** 2,
  };
}

/** Full-batch AdamW. The seed is set before the split and again before the weights, as published. */
export function plan(params: GroupCompositionParams): AnyPlan {
  const { group, seed, lr, beta1, beta2, weightDecay } = params;
  const kind = kinds[params.model];
  const config = kind.config(params, groupByName(group).order);
  return {
    model: kind.model,
    config,
    initial: kind.model.init(config, new TorchGenerator(seed)),
    split: splitOf(params),
    batchSize: "full",
    batchSeed: 0,
    steps: params.steps,
    evalEvery: params.evalEvery,
    checkpointEvery: params.checkpointEvery,
    optimizer: { name: "adamw", lr, betas: [beta1, beta2], eps: 1e-8, weightDecay },
    schedule: { name: "constant" },
    frozen: kind.frozen(config),
  };
}

/** The train and test pairs of a seed. */
export function splitOf({
  group,
  trainFraction,
  seed,
}: Pick<GroupCompositionParams, "group" | "trainFraction" | "seed">): Split {
  return groupComposition.split({ group, trainFraction }, new TorchGenerator(seed));
}

/** Pairs order·a + b of both parts. */
export function pairIndices(
  { train, test }: Split,
  order: number,
): { readonly trainIndices: Int32Array; readonly testIndices: Int32Array } {
  const indices = ({ data, shape }: Split["train"]["tokens"]): Int32Array => {
    const width = shape[1] as number;
    return Int32Array.from(
      { length: shape[0] as number },
      (_, i) => (data[i * width] as number) * order + (data[i * width + 1] as number),
    );
  };
  return { trainIndices: indices(train.tokens), testIndices: indices(test.tokens) };
}

/** Published runs whose first steps are repeated, with their settings. */
const repeated = {
  "s5-mlp-seed2": { group: "S5", trainFraction: 0.4, seed: 2, steps: 100 },
  "d59-mlp-seed1": { group: "D59", trainFraction: 0.3, seed: 1, steps: 11 },
} as const;

/** The first steps of two published runs. */
export function companions({
  published,
}: GroupCompositionParams): Readonly<Record<string, AnyPlan>> {
  if (!published) return {};
  return Object.fromEntries(
    Object.entries(repeated).map(([name, settings]) => [
      name,
      plan({
        ...groupCompositionParams.parse({ ...settings, weightDecay: 1, beta1: 0.9, beta2: 0.98 }),
        evalEvery: 1,
        checkpointEvery: settings.steps,
      }),
    ]),
  );
}
