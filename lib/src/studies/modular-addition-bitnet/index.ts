/** Modular addition with binary weights: does a one-bit network run the same Fourier algorithm? */

import { circuitMetrics } from "../modular-addition/index.ts";
import { lastOf } from "../shared/curves.ts";
import type { Study } from "../study.ts";
import { claims } from "./claims.ts";
import { type BitNetParams, bitNetParams } from "./params.ts";
import { companions, plan, size } from "./plan.ts";
import { report } from "./report.ts";
import { analyse, type BitNetResults } from "./results.ts";

export const modularAdditionBitnet: Study<BitNetParams, BitNetResults> = {
  name: "modular-addition-bitnet",
  title: "Modular addition with one-bit weights",
  source: {
    paper: "Li 2024, Mechanistic Interpretability of Binary and Ternary Transformers",
    at: "and seed 000",
    url: "https://arxiv.org/abs/2405.17703",
  },
  params: bitNetParams,
  smoke: { p: 13, dModel: 16, nHeads: 2, steps: 40, compareSteps: 60, checkpointEvery: 20 },
  size,
  plan,
  companions,
  knowsData: ({ given }) => given.has("dataSeed"),
  analyse,
  claims,
  metrics,
  report,
};

/** Headline numbers of the model itself: losses in nats, accuracies and shares. */
function metrics({ model: { curves, circuit } }: BitNetResults): Record<string, number> {
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
