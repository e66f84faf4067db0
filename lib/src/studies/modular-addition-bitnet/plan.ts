import type { PlanSize } from "../../lab/index.ts";
import {
  type BitNetConfig,
  bitNetConfig,
  bitNetTransformer,
  notebookInit,
  type Quantization,
} from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import type { TrainingPlan } from "../../train/plan.ts";
import { optimization } from "../modular-addition/plan.ts";
import { modularSplit } from "../shared/modular-arithmetic/split.ts";
import { weightCount } from "../shared/weight-count.ts";
import type { BitNetParams } from "./params.ts";

export function modelConfig(params: BitNetParams, quantization: Quantization): BitNetConfig {
  return bitNetConfig.parse({
    dModel: params.dModel,
    nHeads: params.nHeads,
    dVocab: params.p + 1,
    dVocabOut: params.p,
    quantization,
  });
}

/** Steps whose loss the notebook's replay gives, and with weight decay 0 the first that it printed. */
const printedSteps = ({ weightDecay }: BitNetParams): number[] =>
  weightDecay === 0 ? [1, 2, 99] : [1, 2];

/** All pairs, with "="; the models to compare with are as large. */
export function size(params: BitNetParams): PlanSize {
  const weights = weightCount(bitNetTransformer, modelConfig(params, params.quantization));
  return { weights, tokens: 3 * params.p ** 2 };
}

export function plan(params: BitNetParams): TrainingPlan<BitNetConfig> {
  return planFor(params, params.quantization);
}

/** The training that repeats the notebook's first hundred updates, which have weight decay 0. */
export const firstUpdates = "first-updates";

/**
 * The notebook's first updates where this run has another weight decay, and, to compare with, the
 * same initial weights, data and optimizer with other weights in the forward pass.
 */
export function companions(params: BitNetParams): Record<string, TrainingPlan<BitNetConfig>> {
  const others = params.compare ? compared : [];
  const longer = { ...params, steps: Math.max(params.steps, params.compareSteps) };
  return {
    ...(params.weightDecay === 0 ? {} : { [firstUpdates]: firstUpdatesPlan(params) }),
    ...Object.fromEntries(
      others
        .filter((quantization) => quantization !== params.quantization)
        .map((other) => [other, planFor(longer, other)]),
    ),
  };
}

function firstUpdatesPlan(params: BitNetParams): TrainingPlan<BitNetConfig> {
  const steps = Math.min(100, params.steps);
  return planFor(
    { ...params, weightDecay: 0, steps, evalEvery: 1, checkpointEvery: steps },
    params.quantization,
  );
}

/** Which kinds of weights the report sets side by side. */
export const compared: readonly Quantization[] = ["none", "binary", "ternary"];

function planFor(params: BitNetParams, quantization: Quantization): TrainingPlan<BitNetConfig> {
  const config = modelConfig(params, quantization);
  return {
    model: bitNetTransformer,
    config,
    initial: notebookInit(config, new TorchGenerator(params.seed)),
    split: modularSplit(params),
    batchSize: "full",
    batchSeed: 0,
    steps: params.steps,
    evalEvery: params.evalEvery,
    evalAt: printedSteps(params).filter((step) => step <= params.steps),
    checkpointEvery: params.checkpointEvery,
    ...optimization(params),
    lossPrecision: "float64",
    frozen: [],
  };
}
