/** Max of four: compact proofs on the published models' task, over any number of seeds. */

import { lastOf } from "../shared/curves.ts";
import type { Study } from "../study.ts";
import { claims } from "./claims.ts";
import { type MaxOfFourParams, maxOfFourParams } from "./params.ts";
import { companions, plan, size } from "./plan.ts";
import { report } from "./report.ts";
import { analyse, type MaxOfFourResults } from "./results.ts";

export const maxOfFour: Study<MaxOfFourParams, MaxOfFourResults> = {
  name: "max-of-four",
  title: "Max of four: compact proofs of accuracy",
  source: {
    paper:
      "Gross et al. 2024, Compact proofs of model performance via mechanistic interpretability",
    url: "https://arxiv.org/abs/2406.11779",
  },
  params: maxOfFourParams,
  smoke: { n: 3, vocab: 10, dModel: 8, seeds: 2, steps: 60, testCount: 200, checkpointEvery: 20 },
  size,
  plan,
  companions,
  knowsData: ({ given }) => given.has("seed"),
  analyse,
  claims,
  metrics,
  report,
};

/** Headline numbers: loss in nats, accuracies and bounds between 0 and 1, means over all models. */
function metrics({ curves, models, reading }: MaxOfFourResults): Record<string, number> {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const exact = models.flatMap(({ proofs }) => proofs.bruteForce?.accuracy ?? []);
  return {
    ...(curves.step.length === 0 ? {} : { testLoss: lastOf(curves.testLoss) }),
    models: models.length,
    ...(exact.length === 0 ? {} : { bruteForceAccuracy: mean(exact) }),
    cubicBound: mean(models.map(({ proofs }) => proofs.cubic.accuracy)),
    subcubicBound: mean(models.map(({ proofs }) => proofs.subcubic.accuracy)),
    firstSingularValue: reading.singularValues[0] ?? 0,
  };
}
