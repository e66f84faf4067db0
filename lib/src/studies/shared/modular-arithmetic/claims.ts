/** Claims that studies of modular addition have in common, and what a model in a file says. */

import {
  type Block,
  claim,
  count,
  prose,
  type Reference,
  section,
} from "../../../article/index.ts";
import { InputError } from "../../../core/errors.ts";
import { type Curves, type FileFacts, lastOf, valueAt } from "../../../lab/index.ts";
import type { Examples } from "../../../tasks/task.ts";
import { sizeIn } from "../fit.ts";
import type { Opened } from "./inside.ts";
import type { Circuit } from "./measure.ts";
import { modularSplit, type SplitParams } from "./split.ts";

/** Whether the named parameters have their default values. */
export function atDefaults<P extends object>(params: P, defaults: P) {
  return (...names: (keyof P)[]): boolean => names.every((name) => params[name] === defaults[name]);
}

/** Sizes and first rows of the split of seed 598, as Grokking_Demo and Li's notebook print them. */
export function* data(params: SplitParams, source: Reference): Generator<Block> {
  const { train, test } = modularSplit(params);
  const sizes = [train, test].map(({ labels }) => labels.data.length);
  const rows = ({ tokens, labels }: Examples) =>
    [0, 1, 2, 3, 4].flatMap((i) => [
      ...tokens.data.subarray(3 * i, 3 * i + 3),
      Number(labels.data[i]),
    ]);
  yield section("The data");
  yield prose(
    `All ${count(params.p ** 2)} pairs, shuffled by PyTorch's generator: ${sizes.map(count).join(" to train on, ")} to test on.`,
  );
  yield claim("split-sizes", "pairs to train and to test on", source, [3830, 8939], sizes);
  yield claim(
    "split-rows",
    "first five training and first five test pairs, with = (113) and the answer",
    source,
    [
      ...[21, 31, 113, 52, 30, 98, 113, 15, 47, 10, 113, 57, 86, 21, 113, 107, 99, 83, 113, 69],
      ...[43, 40, 113, 83, 31, 42, 113, 73, 39, 63, 113, 102, 35, 61, 113, 96, 112, 102, 113, 101],
    ],
    [...rows(train), ...rows(test)],
  );
}

/** Losses before the first update: the initial weights are those of the seed. */
export function* initialLosses(
  curves: Curves,
  [train, test]: readonly [number, number],
  source: Reference,
): Generator<Block> {
  const rule = { within: 2e-6, why: "float32 logits, summed in another order" };
  const at = (part: "train" | "test") => valueAt(curves, `${part}Loss`, 0);
  const text = (part: string) => `${part} loss before the first update`;
  yield claim("initial-train-loss", text("train"), source, train, at("train"), rule);
  yield claim("initial-test-loss", text("test"), source, test, at("test"), rule);
}

const sameWeights: Reference = {
  kind: "theorem",
  paper: "this study",
  at: "the same weights have the same loss",
};

/** What is measured of the checkpoints, against what was logged when they were trained. */
export function* lossesAsLogged(opened: Opened, curves: Curves): Generator<Block> {
  const { seen, snapshot, moments } = opened;
  const measured = [
    { step: snapshot.step ?? 0, loss: seen.performance.loss.test },
    ...moments.map(({ step, full }) => ({ step, loss: full.test })),
  ];
  const off = measured.flatMap(({ step, loss }) => {
    const logged = valueAt(curves, "testLoss", step);
    return logged === undefined ? [] : [Math.abs(loss / logged - 1)];
  });
  if (off.length === 0) return;
  yield claim(
    "losses-as-logged",
    "largest relative difference of a checkpoint's test loss, over all outputs, from the log of its training",
    sameWeights,
    0,
    Math.max(...off),
    { within: 1e-3, why: "float32 logits, of a pass in another order" },
  );
}

/** Headline numbers of a training: losses in nats, accuracies between 0 and 1. */
export function trainingMetrics(curves: Curves): Record<string, number> {
  if (curves.step.length === 0) return {};
  return {
    trainLoss: lastOf(curves.trainLoss),
    testLoss: lastOf(curves.testLoss),
    trainAccuracy: lastOf(curves.trainAccuracy),
    testAccuracy: lastOf(curves.testAccuracy),
  };
}

/**
 * Losses, and the shares that say whether a model uses the Fourier algorithm. What depends on the split
 * is left out where it is not known.
 */
export function circuitMetrics(seen: Circuit, dataKnown: boolean): Record<string, number> {
  const { summary, progress, performance, keyFrequencies } = seen;
  const ofSplit = {
    trainLoss: performance.loss.train,
    testLoss: performance.loss.test,
    trainAccuracy: performance.accuracy.train,
    testAccuracy: performance.accuracy.test,
    excludedLoss: progress.excluded.all,
  };
  return {
    ...(dataKnown ? ofSplit : {}),
    loss: performance.loss.all,
    accuracy: performance.accuracy.all,
    keyFrequencies: keyFrequencies.length,
    embeddingShare: summary.embedding,
    unembeddingShare: summary.unembedding,
    neuronVarianceShare: summary.neuronVariance,
    logitShare: summary.logits,
    wellExplainedNeurons: summary.wellExplainedNeurons,
    restrictedLoss: progress.restricted.all,
    giniEmbedding: progress.giniEmbedding,
    giniLogitMap: progress.giniLogitMap,
  };
}

/** Sizes of a model of modular arithmetic in a file. Throws `InputError` for one of another kind or depth. */
export function sizesOf(study: string, file: FileFacts, wanted: string) {
  const { model, config } = file;
  if (model !== wanted) {
    throw new InputError(`${study}: the model must be a ${wanted}, got a ${model}`);
  }
  if (config.nLayers !== 1) {
    throw new InputError(`${study}: the model must have one layer, got ${config.nLayers}`);
  }
  const size = (field: string): number => sizeIn(study, file, field);
  return {
    p: size("dVocab") - 1,
    outputs: size("dVocabOut"),
    dModel: size("dModel"),
    nHeads: size("nHeads"),
    dMlp: size("dMlp"),
  };
}
