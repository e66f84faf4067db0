/** Skip trigrams: three heads of width one learn a table of ten pairs, amid noise. */

import { lastOf } from "../shared/curves.ts";
import type { Study } from "../study.ts";
import { claims } from "./claims.ts";
import { type SkipTrigramStudyParams, skipTrigramParams } from "./params.ts";
import { plan, size } from "./plan.ts";
import { report } from "./report.ts";
import { analyse, type SkipTrigramResults } from "./results.ts";

export const skipTrigramStudy: Study<SkipTrigramStudyParams, SkipTrigramResults> = {
  name: "skip-trigram",
  title: "Skip trigrams: three heads of width one",
  source: { paper: "seed 002 (notebook on skip trigrams and one-hot embeddings)" },
  params: skipTrigramParams,
  smoke: { trainCount: 2000, testCount: 200, batchSize: 500, epochs: 8, lr: 0.01 },
  size,
  plan,
  analyse,
  claims,
  metrics,
  report,
};

/** Headline numbers: losses in nats, accuracies between 0 and 1. */
function metrics({ curves, final, fresh }: SkipTrigramResults): Record<string, number> {
  return {
    ...(curves.step.length === 0
      ? {}
      : { testLoss: lastOf(curves.testLoss), testAccuracy: lastOf(curves.testAccuracy) }),
    signalSequenceAccuracy: final.signal.accuracy,
    accuracy: fresh.all.accuracy,
    loss: fresh.all.loss,
    signalAccuracy: fresh.signal.accuracy,
    noiseAccuracy: fresh.noise.accuracy,
    bestAccuracy: fresh.best.accuracy,
    bestLoss: fresh.best.loss,
  };
}
