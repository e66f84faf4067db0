import type { PlanSize } from "../../lab/index.ts";
import {
  type HookedTransformerConfig,
  hookedTransformer,
  hookedTransformerConfig,
} from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import type { TrainingPlan } from "../../train/plan.ts";
import { modularSplit } from "../shared/modular-arithmetic/split.ts";
import { weightCount } from "../shared/weight-count.ts";
import type { ModularAdditionParams } from "./params.ts";

/** Configuration of the model: TransformerLens's Grokking_Demo. */
export function modelConfig(params: ModularAdditionParams): HookedTransformerConfig {
  return hookedTransformerConfig.parse({
    nLayers: 1,
    nHeads: params.nHeads,
    dModel: params.dModel,
    dHead: params.dModel / params.nHeads,
    dMlp: params.dMlp,
    actFn: "relu",
    normalizationType: null,
    dVocab: params.p + 1,
    dVocabOut: params.outputs ?? params.p,
    nCtx: 3,
    initOrder: params.initOrder,
  });
}

/** All pairs, with "=". */
export function size(params: ModularAdditionParams): PlanSize {
  return {
    weights: weightCount(hookedTransformer, modelConfig(params)),
    tokens: 3 * params.p ** 2,
  };
}

/** Steps that Grokking_Demo printed, beside every `evalEvery`-th. */
const printedSteps = [99, 100, 199, 200, 299, 300];

export function plan(params: ModularAdditionParams): TrainingPlan<HookedTransformerConfig> {
  const config = modelConfig(params);
  return {
    model: hookedTransformer,
    config,
    initial: hookedTransformer.init(config, new TorchGenerator(params.seed)),
    split: modularSplit(params),
    batchSize: "full",
    batchSeed: 0,
    steps: params.steps,
    evalEvery: params.evalEvery,
    evalAt: printedSteps.filter((step) => step <= params.steps),
    checkpointEvery: params.checkpointEvery,
    ...optimization(params),
    float64Steps: params.float64Steps,
    frozen: hookedTransformer
      .parameters(config)
      .map(({ name }) => name)
      .filter((name) => name.includes("b_")),
  };
}

/** AdamW at a constant rate, as the notebook sets it. */
export function optimization(params: {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly weightDecay: number;
}): Pick<TrainingPlan, "optimizer" | "schedule"> {
  const { lr, beta1, beta2, weightDecay } = params;
  return {
    optimizer: { name: "adamw", lr, betas: [beta1, beta2], eps: 1e-8, weightDecay },
    schedule: { name: "constant" },
  };
}
