import { InputError } from "../../core/errors.ts";
import type { FileFacts, PlanSize } from "../../lab/index.ts";
import {
  type HookedTransformerConfig,
  hookedTransformer,
  hookedTransformerConfig,
  type WeightArrays,
} from "../../models/index.ts";
import { NumpyGenerator, reseed, TorchGenerator } from "../../rng/index.ts";
import { forcedSplit, type MaxOfNParams, maxOfN } from "../../tasks/index.ts";
import type { Split } from "../../tasks/task.ts";
import type { TrainingPlan } from "../../train/plan.ts";
import { agreed, sizeIn } from "../shared/fit.ts";
import { weightCount } from "../shared/weight-count.ts";
import type { MaxOfTwoParams } from "./params.ts";

/** Seeds derived as in the notebook's `Config`. */
export interface DerivedSeeds {
  /** Of the initial weights. */
  readonly model: number;
  /** Of the split. */
  readonly dataset: number;
  /** Of the training stream, where examples are drawn without end. */
  readonly train: number;
  readonly test: number;
}

export function derivedSeeds(seed: number): DerivedSeeds {
  const dataset = reseed(seed, "dataset_seed");
  return {
    model: reseed(seed, "model"),
    dataset,
    train: reseed(dataset, "train"),
    test: reseed(dataset, "test"),
  };
}

/** One layer, one head as wide as the residual stream, no MLP, no norm (the notebook's model configuration). */
export function maxModelConfig(
  task: Pick<MaxOfNParams, "n" | "vocab" | "equals">,
  dModel: number,
): HookedTransformerConfig {
  const { n, vocab, equals } = task;
  return hookedTransformerConfig.parse({
    nLayers: 1,
    nHeads: 1,
    dModel,
    dHead: dModel,
    attnOnly: true,
    normalizationType: null,
    dVocab: equals ? vocab + 1 : vocab,
    dVocabOut: vocab,
    nCtx: equals ? n + 1 : n,
    initOrder: "pre-1.13",
  });
}

/** The model part of a plan: initial weights drawn at `seed`, biases zero and not trained. */
export function maxModel(
  config: HookedTransformerConfig,
  seed: number,
): Pick<TrainingPlan<HookedTransformerConfig>, "model" | "config" | "initial" | "frozen"> {
  const initial: WeightArrays = hookedTransformer.init(config, new TorchGenerator(seed));
  const frozen = Object.keys(initial).filter((name) => name.includes("b_"));
  return { model: hookedTransformer, config, initial, frozen };
}

export function taskOf(params: MaxOfTwoParams): MaxOfNParams {
  const { n, vocab, forcedGaps, trainFraction } = params;
  return maxOfN.params.parse({ n, vocab, forcedGaps, trainFraction, equals: true });
}

/** Every sequence, with "=". */
export function size(params: MaxOfTwoParams): PlanSize {
  const { n, vocab, dModel } = params;
  const config = maxModelConfig({ n, vocab, equals: true }, dModel);
  return { weights: weightCount(hookedTransformer, config), tokens: vocab ** n * (n + 1) };
}

/** The notebook's split, shuffled by NumPy's generator. */
export function maxSplit(params: MaxOfTwoParams): Split {
  return forcedSplit(taskOf(params), new NumpyGenerator(derivedSeeds(params.seed).dataset));
}

export function plan(params: MaxOfTwoParams): TrainingPlan<HookedTransformerConfig> {
  const { lr, beta1, beta2, weightDecay, steps, evalEvery, checkpointEvery } = params;
  const config = maxModelConfig(taskOf(params), params.dModel);
  return {
    ...maxModel(config, derivedSeeds(params.seed).model),
    split: maxSplit(params),
    batchSize: "full",
    batchSeed: 0,
    steps,
    evalEvery,
    evalAt: [1],
    checkpointEvery,
    optimizer: { name: "adamw", lr, betas: [beta1, beta2], eps: 1e-8, weightDecay },
    schedule: { name: "constant" },
  };
}

/** The sizes of a one-head model in a file. Throws `InputError` for models of another kind. */
export function maxModelFacts(study: string, facts: FileFacts) {
  const { nLayers, nHeads, attnOnly } = facts.config;
  if (facts.model !== hookedTransformer.name || nLayers !== 1 || nHeads !== 1 || !attnOnly) {
    throw new InputError(
      `${study}: the model must be an attention-only transformer of one layer and one head`,
    );
  }
  const size = (field: string): number => sizeIn(study, facts, field);
  const vocab = size("dVocabOut");
  return { vocab, positions: size("nCtx"), dModel: size("dModel"), equals: size("dVocab") > vocab };
}

/** The parameters with the sizes of a model in a file. */
export function fit(params: MaxOfTwoParams, facts: FileFacts): MaxOfTwoParams {
  const { vocab, positions, dModel, equals } = maxModelFacts("max-of-two", facts);
  if (!equals) {
    throw new InputError('max-of-two: the model must have a token "=" that asks; use max-of-four');
  }
  return agreed("max-of-two", params, facts, { vocab, n: positions - 1, dModel });
}
