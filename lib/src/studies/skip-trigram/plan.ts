import { nd } from "../../core/nd.ts";
import type { PlanSize } from "../../lab/index.ts";
import {
  type HookedTransformerConfig,
  hookedTransformer,
  hookedTransformerConfig,
  type WeightArrays,
} from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { drawSkipTrigrams, isSignal, skipTrigramTokens } from "../../tasks/index.ts";
import type { Split } from "../../tasks/task.ts";
import { type Answers, dataLoaderOrder, type TrainingPlan } from "../../train/index.ts";
import { weightCount } from "../shared/weight-count.ts";
import type { SkipTrigramStudyParams } from "./params.ts";

/** The epochs that the notebook printed; each of their batches is logged. */
export const printedEpochs = 60;

/** Loaders besides the training loader that are gone through in each epoch: the validation loader. */
const otherLoaders = 1;

/** One attention layer; embedding and unembedding are the identity, and there are no positions. */
export function modelConfig({
  nHeads,
  dHead,
  length,
}: SkipTrigramStudyParams): HookedTransformerConfig {
  return hookedTransformerConfig.parse({
    nLayers: 1,
    nHeads,
    dModel: skipTrigramTokens,
    dHead,
    dVocab: skipTrigramTokens,
    nCtx: length,
    attnOnly: true,
    normalizationType: null,
  });
}

/** What is never trained: the one-hot ends, the absent positions and the absent output bias. */
export const frozen = ["embed.W_E", "pos_embed.W_pos", "unembed.W_U", "unembed.b_U"] as const;

export interface SkipTrigramStart {
  readonly initial: WeightArrays;
  readonly split: Split;
}

/**
 * Weights and data as the notebook's session drew them: the seed; two int64 for the training loader
 * and one for the validation loader in each earlier epoch; the embedding, which the identity then
 * replaces; W_Q, W_K, W_V, W_O; the training set; then the seed again and the validation set.
 */
export function startOf(params: SkipTrigramStudyParams): SkipTrigramStart {
  const rng = new TorchGenerator(params.seed);
  for (let i = 0; i < params.earlierEpochs * (2 + otherLoaders); i++) rng.random64();
  const config = modelConfig(params);
  const [heads, dHead, width] = [config.nHeads, config.dHead, skipTrigramTokens];
  rng.normal(width * width);
  const draw = (): Float32Array => rng.normal(heads * width * dHead, 0, params.initRange);
  const into = (): WeightArrays[string] => nd("float32", [heads, width, dHead], draw());
  const zeros = (shape: readonly number[]): WeightArrays[string] =>
    nd("float32", shape, new Float32Array(shape.reduce((a, b) => a * b)));
  const identity = nd("float32", [width, width], one(width));
  const initial: WeightArrays = {
    "embed.W_E": identity,
    "pos_embed.W_pos": zeros([params.length, width]),
    "blocks.0.attn.W_Q": into(),
    "blocks.0.attn.W_K": into(),
    "blocks.0.attn.W_V": into(),
    "blocks.0.attn.W_O": nd("float32", [heads, dHead, width], draw()),
    "blocks.0.attn.b_Q": zeros([heads, dHead]),
    "blocks.0.attn.b_K": zeros([heads, dHead]),
    "blocks.0.attn.b_V": zeros([heads, dHead]),
    "blocks.0.attn.b_O": zeros([width]),
    "unembed.W_U": identity,
    "unembed.b_U": zeros([width]),
  };
  const train = drawSkipTrigrams(params, rng, params.trainCount);
  const test = drawSkipTrigrams(params, new TorchGenerator(params.seed), params.testCount);
  return { initial, split: { train, test } };
}

function one(width: number): Float32Array {
  return Float32Array.from({ length: width * width }, (_, i) => Number(i % (width + 1) === 0));
}

/** Updates in an epoch; what is too few for a batch is left out. */
export function updatesPerEpoch({ trainCount, batchSize }: SkipTrigramStudyParams): number {
  return Math.max(1, Math.floor(trainCount / batchSize));
}

/** The training and the test set. */
export function size(params: SkipTrigramStudyParams): PlanSize {
  const { trainCount, testCount, length } = params;
  const weights = weightCount(hookedTransformer, modelConfig(params));
  return { weights, tokens: (trainCount + testCount) * length };
}

export function plan(params: SkipTrigramStudyParams): TrainingPlan<HookedTransformerConfig> {
  const perEpoch = updatesPerEpoch(params);
  const steps = params.epochs * perEpoch;
  const everyBatch = Math.min(steps, printedEpochs * perEpoch);
  return {
    model: hookedTransformer,
    config: modelConfig(params),
    ...startOf(params),
    batchSize: params.batchSize,
    batchSeed: params.seed,
    passOrder: dataLoaderOrder(otherLoaders),
    measures: { train: "batch", test: "split" },
    columns: (_train, test) => partsOf(test),
    steps,
    evalEvery: perEpoch,
    evalAt: Array.from({ length: everyBatch + 1 }, (_, step) => step),
    checkpointEvery: printedEpochs * perEpoch,
    optimizer: { name: "adam", lr: params.lr, weightDecay: params.weightDecay },
    schedule: { name: "constant" },
    frozen,
  };
}

/** Loss in nats and accuracy of the signal and of the noise in a set; absent where it has none. */
export function partsOf({ examples, losses, predictions }: Answers): Record<string, number> {
  const signal = isSignal(examples.tokens);
  const out: Record<string, number> = {};
  for (const [name, wanted] of [
    ["Signal", true],
    ["Noise", false],
  ] as const) {
    const rows = signal.flatMap((is, row) => (is === wanted ? [row] : []));
    if (rows.length === 0) continue;
    const mean = (f: (row: number) => number): number =>
      rows.reduce((sum, row) => sum + f(row), 0) / rows.length;
    out[`test${name}Loss`] = mean((row) => losses.data[row] as number);
    out[`test${name}Accuracy`] = mean((row) =>
      Number(predictions.data[row] === examples.labels.data[row]),
    );
  }
  return out;
}
