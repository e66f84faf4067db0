import type { NdArray } from "../../core/nd.ts";
import { nd, sizeOf } from "../../core/nd.ts";
import { fromProgressMeasures } from "../../io/index.ts";
import type { PlanSize } from "../../lab/index.ts";
import {
  type HookedTransformerConfig,
  hookedTransformer,
  hookedTransformerConfig,
  type WeightArrays,
} from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { drawAdditions } from "../../tasks/index.ts";
import type { ExampleStream, TrainingPlan } from "../../train/plan.ts";
import { weightCount } from "../shared/weight-count.ts";
import { lossColumns } from "./answers.ts";
import type { AdditionStudyParams } from "./params.ts";

/** Tokens: the digits, "+" and "=". */
const tokens = 12;

/** One layer without normalization, as the notebook has it after Nanda. */
export function modelConfig(params: AdditionStudyParams): HookedTransformerConfig {
  return hookedTransformerConfig.parse({
    nLayers: 1,
    nHeads: params.nHeads,
    dModel: params.dModel,
    dHead: params.dModel / params.nHeads,
    dMlp: params.dMlp,
    actFn: "relu",
    normalizationType: null,
    dVocab: tokens,
    dVocabOut: params.outputs,
    nCtx: 3 * params.digits + 3,
  });
}

/**
 * Initial weights in the notebook's order and shapes, all standard normal over the root of the
 * width (the unembedding over that of the number of tokens), then in our layout. Biases are zeros.
 */
export function initialWeights(params: AdditionStudyParams): WeightArrays {
  const { dModel: d, nHeads, dMlp, outputs, digits } = params;
  const rng = new TorchGenerator(params.seed);
  const draw = (over: number, ...shape: number[]): NdArray => {
    const root = Math.fround(Math.sqrt(over));
    const data = rng.normal(sizeOf(shape)).map((x) => x / root);
    return nd("float32", shape, data);
  };
  const zeros = (size: number): NdArray => nd("float32", [size], new Float32Array(size));
  const perHead = (): NdArray => draw(d, nHeads, d / nHeads, d);
  return fromProgressMeasures({
    "embed.W_E": draw(d, d, tokens),
    "pos_embed.W_pos": draw(d, 3 * digits + 3, d),
    "blocks.0.attn.W_K": perHead(),
    "blocks.0.attn.W_Q": perHead(),
    "blocks.0.attn.W_V": perHead(),
    "blocks.0.attn.W_O": draw(d, d, d),
    "blocks.0.mlp.W_in": draw(d, dMlp, d),
    "blocks.0.mlp.b_in": zeros(dMlp),
    "blocks.0.mlp.W_out": draw(d, d, dMlp),
    "blocks.0.mlp.b_out": zeros(d),
    "unembed.W_U": draw(tokens, d, outputs),
  });
}

/** The biases that the notebook's model does not have. */
const absent = ["attn.b_Q", "attn.b_K", "attn.b_V", "attn.b_O"].map((name) => `blocks.0.${name}`);
export const frozen: readonly string[] = [...absent, "unembed.b_U"];

/** Questions drawn from where `generator` stands, one batch after the other. */
export function questionStream(
  { digits }: Pick<AdditionStudyParams, "digits">,
  generator: TorchGenerator,
): ExampleStream {
  const stream: ExampleStream<{ readonly digits: number }> = {
    params: { digits },
    generator: generator.state(),
    draw: drawAdditions,
  };
  return stream as ExampleStream;
}

/** Questions are made for one batch, or for the whole training set and one batch of test questions. */
export function size(params: AdditionStudyParams): PlanSize {
  const { data, batchSize, trainCount, digits } = params;
  const questions = batchSize + (data === "finite" ? trainCount : 0);
  const weights = weightCount(hookedTransformer, modelConfig(params));
  return { weights, tokens: questions * (3 * digits + 3) };
}

export function plan(params: AdditionStudyParams): TrainingPlan<HookedTransformerConfig> {
  const config = modelConfig(params);
  const { lr, weightDecay, beta1, beta2, warmupSteps } = params;
  return {
    model: hookedTransformer,
    config,
    initial: initialWeights(params),
    ...dataOf(params),
    batchSeed: 0,
    steps: params.steps,
    evalEvery: params.evalEvery,
    checkpointEvery: params.checkpointEvery,
    optimizer: { name: "adamw", lr, betas: [beta1, beta2], eps: 1e-8, weightDecay },
    schedule: { name: "warmup", warmupSteps },
    lossPrecision: "float64",
    float64Steps: params.float64Steps,
    frozen,
  };
}

type Data = Pick<TrainingPlan, "split" | "batchSize" | "stream" | "measures" | "columns">;

/**
 * Infinite: every batch is new, so its loss before the update is train and test loss in one. Finite:
 * the whole training set at every update, and new test questions at every logged step, which come
 * after the training set in the random stream.
 */
function dataOf(params: AdditionStudyParams): Data {
  const { batchSize, trainCount } = params;
  const rng = new TorchGenerator(params.seed);
  if (params.data === "infinite") {
    const stream = questionStream(params, rng);
    const first = drawAdditions(params, rng, batchSize);
    return {
      split: { train: first, test: first },
      batchSize,
      stream,
      measures: { train: "batch", test: "batch" },
      columns: lossColumns,
    };
  }
  const train = drawAdditions(params, rng, trainCount);
  const test = { stream: questionStream(params, rng), count: batchSize };
  return {
    split: { train, test: drawAdditions(params, rng, batchSize) },
    batchSize: "full",
    measures: { train: "split", test },
    columns: (_train, answers) => lossColumns(answers),
  };
}
