import { InputError } from "../../core/errors.ts";
import type { FileFacts, PlanSize } from "../../lab/index.ts";
import { type HookedTransformerConfig, hookedTransformer } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { randomSequences } from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import type { ExampleStream, TrainingPlan } from "../../train/plan.ts";
import { derivedSeeds, maxModel, maxModelConfig, maxModelFacts } from "../max-of-two/plan.ts";
import { agreed } from "../shared/fit.ts";
import { weightCount } from "../shared/weight-count.ts";
import type { MaxOfFourParams } from "./params.ts";
import { publishedModels } from "./published.ts";

type Sequences = { readonly n: number; readonly vocab: number; readonly equals: false };

/** The plan of the model at `seed`: Gross et al. 2024, their `MAX_OF_4_CONFIG`. */
export function planAt(
  params: MaxOfFourParams,
  seed: number,
): TrainingPlan<HookedTransformerConfig> {
  const { n, vocab, dModel, batchSize, lr, beta1, beta2, weightDecay } = params;
  const task: Sequences = { n, vocab, equals: false };
  const seeds = derivedSeeds(seed);
  const stream: ExampleStream<Sequences> = {
    params: task,
    generator: new TorchGenerator(seeds.train).state(),
    draw,
  };
  return {
    ...maxModel(maxModelConfig(task, dModel), seeds.model),
    split: {
      train: draw(task, new TorchGenerator(seeds.train), batchSize),
      test: draw(task, new TorchGenerator(seeds.test), params.testCount),
    },
    batchSize,
    stream: stream as ExampleStream,
    measures: { train: "batch", test: "split" },
    batchSeed: 0,
    steps: params.steps,
    evalEvery: params.evalEvery,
    checkpointEvery: params.checkpointEvery,
    optimizer: { name: "adamw", lr, betas: [beta1, beta2], eps: 1e-8, weightDecay },
    schedule: { name: "constant" },
  };
}

function draw(task: Sequences, generator: TorchGenerator, count: number): Examples {
  return randomSequences(task, count, generator);
}

/** A batch and the test sequences of every model. */
export function size(params: MaxOfFourParams): PlanSize {
  const { n, vocab, dModel, batchSize, testCount, seeds } = params;
  const config = maxModelConfig({ n, vocab, equals: false }, dModel);
  const weights = seeds * weightCount(hookedTransformer, config);
  return { weights, tokens: seeds * (batchSize + testCount) * n };
}

/** Seeds of all models: the given one, then the published ones. */
export function modelSeeds({ seed, seeds }: Pick<MaxOfFourParams, "seed" | "seeds">): number[] {
  const others = publishedModels.map(([published]) => published).filter((one) => one !== seed);
  return [seed, ...others.slice(0, seeds - 1)];
}

/** Name of the training of a seed. */
export function modelName({ seed: own }: Pick<MaxOfFourParams, "seed">, seed: number): string {
  return seed === own ? "model" : `seed-${seed}`;
}

/** The model of each seed. */
export function plans(
  params: MaxOfFourParams,
): Record<string, TrainingPlan<HookedTransformerConfig>> {
  const named = modelSeeds(params).map(
    (seed) => [modelName(params, seed), planAt(params, seed)] as const,
  );
  return Object.fromEntries(named);
}

/** The parameters with the sizes of a model in a file. */
export function fit(params: MaxOfFourParams, facts: FileFacts): MaxOfFourParams {
  const { vocab, positions, dModel, equals } = maxModelFacts("max-of-four", facts);
  if (equals) {
    throw new InputError('max-of-four: the model must have no token "="; use max-of-two');
  }
  return agreed("max-of-four", params, facts, { vocab, n: positions, dModel });
}
