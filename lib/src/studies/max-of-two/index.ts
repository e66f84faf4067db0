/** Max of two: an attention head groks which of two numbers is larger, and proofs that it did. */

import { lastOf } from "../shared/curves.ts";
import type { Study } from "../study.ts";
import { claims } from "./claims.ts";
import { type MaxOfTwoParams, maxOfTwoParams } from "./params.ts";
import { plan, size } from "./plan.ts";
import { report } from "./report.ts";
import { analyse, type MaxOfTwoResults } from "./results.ts";

export const maxOfTwo: Study<MaxOfTwoParams, MaxOfTwoResults> = {
  name: "max-of-two",
  title: "Max of two: one head groks, and a proof that it did",
  source: {
    paper:
      "Gross et al. 2024, Compact proofs of model performance via mechanistic interpretability",
    at: "and seed 004, its notebook on grokking max of 2",
    url: "https://arxiv.org/abs/2406.11779",
  },
  params: maxOfTwoParams,
  smoke: { vocab: 12, trainFraction: 0.4, dModel: 8, steps: 60, checkpointEvery: 20 },
  size,
  plan,
  knowsData: ({ given }) => given.has("seed"),
  analyse,
  claims,
  metrics,
  report,
};

/** Headline numbers: losses in nats, accuracies and bounds between 0 and 1. */
function metrics({ curves, reading, proofs }: MaxOfTwoResults): Record<string, number> {
  const training =
    curves.step.length === 0
      ? {}
      : {
          trainLoss: lastOf(curves.trainLoss),
          testLoss: lastOf(curves.testLoss),
          trainAccuracy: lastOf(curves.trainAccuracy),
          testAccuracy: lastOf(curves.testAccuracy),
        };
  return {
    ...training,
    ...reading.summary,
    ...(proofs.bruteForce === null ? {} : { bruteForceAccuracy: proofs.bruteForce.accuracy }),
    cubicBound: proofs.cubic.accuracy,
    subcubicBound: proofs.subcubic.accuracy,
  };
}
