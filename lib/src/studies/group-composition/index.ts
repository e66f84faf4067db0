/** Group composition: networks learn ab with the representations of the group. */

import type { Study } from "../study.ts";
import { claims } from "./claims.ts";
import { fit } from "./fit.ts";
import { type GroupCompositionParams, groupCompositionParams } from "./params.ts";
import { companions, plan, size } from "./plan.ts";
import { report } from "./report.ts";
import { analyse, type GroupCompositionResults } from "./results.ts";
import { settingsName } from "./settings.ts";

export const groupComposition: Study<GroupCompositionParams, GroupCompositionResults> = {
  name: "group-composition",
  title: "Group composition: learning with representations",
  source: {
    paper: "Chughtai, Chan and Nanda 2023, A toy model of universality",
    at: "and seed 003, its first notebook",
    url: "https://arxiv.org/abs/2302.03025",
  },
  params: groupCompositionParams,
  smoke: {
    group: "S3",
    dEmbed: 16,
    dMlp: 16,
    trainFraction: 0.7,
    steps: 60,
    checkpointEvery: 20,
    evalEvery: 10,
    published: false,
  },
  size,
  plan,
  fit,
  besideWeights: [settingsName],
  knowsData: ({ given, beside }) =>
    settingsName in beside || (given.has("seed") && given.has("trainFraction")),
  companions,
  analyse,
  claims,
  metrics,
  report,
};

/** Names in the published summary_metrics.json of what depends on the split. */
const ofSplit = /^(train|test)_|excluded/;

/** Under the names of the published summary_metrics.json, and the accuracy over all pairs. */
function metrics({ opened, dataKnown }: GroupCompositionResults): Record<string, number> {
  const named = Object.entries(opened.summary).filter(([name]) => dataKnown || !ofSplit.test(name));
  return { ...Object.fromEntries(named), all_acc: opened.analysis.performance.accuracy.all };
}
