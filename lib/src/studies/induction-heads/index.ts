/** Induction heads: two layers of attention learn to look up what followed a token before. */

import type { Study } from "../study.ts";
import { claims } from "./claims.ts";
import { fit } from "./fit.ts";
import { headName, scoreOf, strongest } from "./heads.ts";
import { type InductionHeadsParams, inductionHeadsParams } from "./params.ts";
import { plan, size } from "./plan.ts";
import { report } from "./report.ts";
import { analyse, type InductionHeadsResults } from "./results.ts";

export const inductionHeads: Study<InductionHeadsParams, InductionHeadsResults> = {
  name: "induction-heads",
  title: "Induction heads: looking up what came next",
  source: {
    paper: "Olsson et al. 2022, In-context learning and induction heads",
    at: "and the induction run of Nanda et al. 2023",
    url: "https://arxiv.org/abs/2209.11895",
  },
  params: inductionHeadsParams,
  smoke: {
    vocabulary: 12,
    copyLength: 4,
    copies: 2,
    slack: 3,
    dModel: 16,
    nHeads: 2,
    steps: 20,
    evalEvery: 5,
    checkpointEvery: 10,
  },
  size,
  plan,
  fit,
  analyse,
  claims,
  metrics,
  report,
};

/** Headline numbers: losses in nats, attention between 0 and 1. */
function metrics({ training, model, published }: InductionHeadsResults): Record<string, number> {
  const { losses, scores, ablation, previousHeads, inductionHeads: heads } = model;
  return {
    ...(training === null ? {} : { trainLoss: training.loss.at(-1) ?? Number.NaN }),
    loss: losses.later,
    firstCopyLoss: losses.first,
    previousTokenScore: scoreOf(scores.previous, strongest(scores.previous)),
    inductionScore: scoreOf(scores.induction, strongest(scores.induction)),
    previousTokenHeads: previousHeads.length,
    inductionHeads: heads.length,
    lossWithoutPreviousTokenHeads: ablation.previous,
    lossWithoutInductionHeads: ablation.induction,
    ...Object.fromEntries(
      heads.map((head) => [`induction.${headName(head)}`, scoreOf(scores.induction, head)]),
    ),
    ...(published === null ? {} : { publishedLoss: published.model.losses.later }),
  };
}
