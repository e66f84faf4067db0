import { nd } from "../../core/nd.ts";
import type { PlanSize } from "../../lab/index.ts";
import {
  type HookedTransformerConfig,
  hookedTransformer,
  hookedTransformerConfig,
  type WeightArrays,
} from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { drawInduction, type InductionLayout, sequenceLength } from "../../tasks/index.ts";
import type { Answers, ExampleStream, TrainingPlan } from "../../train/plan.ts";
import { weightCount } from "../shared/weight-count.ts";
import type { InductionHeadsParams } from "./params.ts";

/** Two layers of attention and nothing else. */
export function modelConfig(params: InductionHeadsParams): HookedTransformerConfig {
  return hookedTransformerConfig.parse({
    nLayers: 2,
    nHeads: params.nHeads,
    dModel: params.dModel,
    dHead: params.dModel / params.nHeads,
    attnOnly: true,
    normalizationType: null,
    dVocab: params.vocabulary,
    nCtx: sequenceLength(params),
  });
}

/** What the model of the published run does not have. */
export const frozen: readonly string[] = [
  ...[0, 1].flatMap((layer) => ["Q", "K", "V", "O"].map((b) => `blocks.${layer}.attn.b_${b}`)),
  "unembed.b_U",
];

/**
 * Normal over the root of the width, the unembedding over that of the vocabulary, as in
 * progress-measures-paper; biases are zeros.
 */
export function initialWeights(params: InductionHeadsParams): WeightArrays {
  const rng = new TorchGenerator(params.seed);
  const config = modelConfig(params);
  const entries = hookedTransformer.parameters(config).map(({ name, shape }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const over = name === "unembed.W_U" ? config.dVocabOut : config.dModel;
    const data = frozen.includes(name)
      ? new Float32Array(size)
      : rng.normal(size).map((x) => x / Math.sqrt(over));
    return [name, nd("float32", shape, data)] as const;
  });
  return Object.fromEntries(entries);
}

/** Sequences drawn from where `generator` stands, one batch after the other. */
export function sequenceStream(
  { vocabulary, copyLength, copies, slack }: InductionHeadsParams,
  generator: TorchGenerator,
): ExampleStream {
  const stream: ExampleStream<InductionLayout> = {
    params: { vocabulary, copyLength, copies, slack },
    generator: generator.state(),
    draw: drawInduction,
  };
  return stream as ExampleStream;
}

/** One batch of sequences. */
export function size(params: InductionHeadsParams): PlanSize {
  const weights = weightCount(hookedTransformer, modelConfig(params));
  return { weights, tokens: params.batchSize * sequenceLength(params) };
}

export function plan(params: InductionHeadsParams): TrainingPlan<HookedTransformerConfig> {
  const rng = new TorchGenerator(params.seed + 1);
  const stream = sequenceStream(params, rng);
  const first = drawInduction(params, rng, params.batchSize);
  const { lr, weightDecay, beta1, beta2 } = params;
  return {
    model: hookedTransformer,
    config: modelConfig(params),
    initial: initialWeights(params),
    split: { train: first, test: first },
    batchSize: params.batchSize,
    stream,
    measures: { train: "batch", test: "batch" },
    columns: (answers) => copyColumns(params, answers),
    batchSeed: 0,
    steps: params.steps,
    evalEvery: params.evalEvery,
    checkpointEvery: params.checkpointEvery,
    optimizer: { name: "adamw", lr, betas: [beta1, beta2], eps: 1e-8, weightDecay },
    schedule: { name: "constant" },
    frozen,
  };
}

/** Mean losses in nats of each later copy: `copy2`, `copy3`, …. */
export function copyColumns(
  { copies, copyLength }: InductionHeadsParams,
  { losses }: Answers,
): Record<string, number> {
  const perCopy = copyLength - 1;
  const width = (copies - 1) * perCopy;
  const sums = new Float64Array(copies - 1);
  for (const [i, loss] of losses.data.entries()) {
    const copy = Math.floor((i % width) / perCopy);
    sums[copy] = (sums[copy] as number) + (loss as number);
  }
  const each = losses.data.length / (copies - 1);
  return Object.fromEntries(Array.from(sums, (sum, i) => [`copy${i + 2}`, sum / each]));
}
