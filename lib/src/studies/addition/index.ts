/** Addition: a one-layer transformer learns to add 5-digit numbers, one sub-task after another. */

import { digitCases } from "../../tasks/index.ts";
import { lastOf } from "../shared/curves.ts";
import type { Study } from "../study.ts";
import { claims } from "./claims.ts";
import { fit } from "./fit.ts";
import { type AdditionStudyParams, additionParams } from "./params.ts";
import { plan, size } from "./plan.ts";
import { report } from "./report.ts";
import { type AdditionResults, analyse } from "./results.ts";
import { shareOf } from "./scores.ts";

export const additionStudy: Study<AdditionStudyParams, AdditionResults> = {
  name: "addition",
  title: "Addition: digit by digit, carry by carry",
  source: {
    paper: "Quirke and Barez 2023, Understanding addition in transformers",
    at: "and seed 001, its notebook",
    url: "https://arxiv.org/abs/2310.13121",
  },
  params: additionParams,
  smoke: {
    digits: 2,
    dModel: 16,
    nHeads: 2,
    dMlp: 32,
    batchSize: 32,
    steps: 40,
    checkpointEvery: 20,
  },
  size,
  plan,
  fit,
  analyse,
  claims,
  metrics,
  report,
};

/** Headline numbers: losses in nats, shares between 0 and 1. */
function metrics({ curves, scores }: AdditionResults): Record<string, number> {
  const out: Record<string, number> = {
    ...(curves === null ? {} : { trainLoss: lastOf(curves.trainLoss) }),
    questions: scores.all.count,
    accuracy: shareOf(scores.all),
    loss: scores.loss,
  };
  for (const [i, digit] of scores.digits.entries()) {
    out[`accuracy.${digit}`] = scores.digitAccuracy[i] as number;
  }
  for (const [length, hits] of scores.byCascade.entries()) {
    if (hits.count > 0) out[`accuracy.cascade${length}`] = shareOf(hits);
  }
  for (const [row, one] of digitCases.entries()) {
    const digits = scores.digits.length - 1;
    for (let column = 0; column < digits; column++) {
      const loss = scores.caseLoss.data[row * digits + column] as number;
      if (!Number.isNaN(loss)) out[`loss.${one}.${scores.digits[column + 1]}`] = loss;
    }
  }
  return out;
}
