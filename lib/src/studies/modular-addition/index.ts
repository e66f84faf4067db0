/** Modular addition: a one-layer transformer groks a + b mod p with trigonometry. */

import { lastOf } from "../shared/curves.ts";
import type { Study } from "../study.ts";
import { claims } from "./claims.ts";
import { fit } from "./fit.ts";
import { type ModularAdditionParams, modularAdditionParams } from "./params.ts";
import { plan, size } from "./plan.ts";
import { report } from "./report.ts";
import { analyse, type ModularAdditionResults } from "./results.ts";

export const modularAddition: Study<ModularAdditionParams, ModularAdditionResults> = {
  name: "modular-addition",
  title: "Modular addition: grokking with trigonometry",
  source: {
    paper: "Nanda et al. 2023, Progress measures for grokking via mechanistic interpretability",
    at: "and seed 000, its full-precision model",
    url: "https://arxiv.org/abs/2301.05217",
  },
  params: modularAdditionParams,
  smoke: {
    p: 13,
    dModel: 16,
    nHeads: 2,
    dMlp: 32,
    steps: 60,
    checkpointEvery: 20,
    float64Steps: 30,
  },
  size,
  plan,
  fit,
  knowsData: ({ given }) => given.has("dataSeed"),
  analyse,
  claims,
  metrics,
  report,
};

/** Headline numbers: losses in nats, accuracies and shares between 0 and 1. */
function metrics({ curves, circuit }: ModularAdditionResults): Record<string, number> {
  const training =
    curves.step.length === 0
      ? {}
      : {
          trainLoss: lastOf(curves.trainLoss),
          testLoss: lastOf(curves.testLoss),
          trainAccuracy: lastOf(curves.trainAccuracy),
          testAccuracy: lastOf(curves.testAccuracy),
        };
  return circuit === null ? training : { ...circuitMetrics(circuit), ...training };
}

/**
 * The losses, and the shares that say whether a model uses the Fourier algorithm. What depends on the
 * split is left out where it is not known.
 */
export function circuitMetrics({
  analysis,
  dataKnown,
}: NonNullable<ModularAdditionResults["circuit"]>): Record<string, number> {
  const { summary, progress, performance, keyFrequencies } = analysis;
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
