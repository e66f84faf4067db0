/** Published models of Chughtai et al. 2023, measured again and compared with their own summaries. */

import { summaryMetrics } from "../../analysis/index.ts";
import { readPt, weightsOf } from "../../io/index.ts";
import type { StudyContext } from "../study.ts";
import { fit } from "./fit.ts";
import type { NetworkName } from "./networks.ts";
import { analyseWeights, subjectOf, sumOfSquaredWeights } from "./open.ts";
import { groupCompositionParams } from "./params.ts";
import { readSettings, type Settings, settingsName } from "./settings.ts";

export interface GroupModel {
  readonly name: string;
  readonly group: string;
  readonly model: NetworkName;
  readonly keyRepresentations: readonly string[];
  readonly publishedKeyRepresentations: readonly string[];
  readonly testAccuracy: number;
  /** Every published metric that is measured here, in the order of the file. */
  readonly compared: readonly Compared[];
}

export interface Compared {
  readonly metric: string;
  readonly published: number;
  readonly measured: number;
  /** Whether the published code computes it wrongly, see the README. */
  readonly publishedWrongly: boolean;
}

const names = ["C113_MLP_seed1", "C113_T_seed1", "D59_MLP_seed1", "S5_MLP_seed1"] as const;

/** Those of the published models that are on this machine. */
export async function openGroupModels(context: StudyContext): Promise<readonly GroupModel[]> {
  const found: GroupModel[] = [];
  for (const name of names) {
    const opened = await openGroupModel(context, name);
    if (opened !== null) found.push(opened);
  }
  return found;
}

async function openGroupModel(context: StudyContext, name: string): Promise<GroupModel | null> {
  const read = (file: string) => context.published(`group-models/${name}/${file}`);
  const [model, cfg, keys, summary] = await Promise.all(
    ["model.pt", "cfg.json", "key_reps.txt", "summary_metrics.json"].map(read),
  );
  if (model === undefined || cfg === undefined || keys === undefined || summary === undefined) {
    return null;
  }
  context.progress(`measuring the published model ${name}`);
  const settings = readSettings(`${name}/cfg.json`, textOf(cfg));
  const weights = weightsOf(readPt(model));
  const options = fit(groupCompositionParams.parse({}), weights, {
    given: new Set(),
    beside: { [settingsName]: textOf(cfg) },
  });
  const subject = await subjectOf(context.backend, options, weights);
  try {
    const analysis = await analyseWeights(subject, weights, subject.runner.pass(weights));
    const squares = subject.network.sumsSquaredWeights
      ? { sum_of_squared_weights: sumOfSquaredWeights(weights) }
      : {};
    const measured = { ...summaryMetrics(analysis), ...squares } as Record<string, number>;
    return {
      name,
      group: options.group,
      model: options.model,
      keyRepresentations: analysis.keyRepresentations,
      publishedKeyRepresentations: textOf(keys).trim().split(/\s+/),
      testAccuracy: analysis.performance.accuracy.test,
      compared: compare(settings, measured, JSON.parse(textOf(summary))),
    };
  } finally {
    await subject.runner.release();
  }
}

/** Metrics of the hidden layer, which the published code gets wrong for cyclic groups. */
const hiddenMetric = /hidden|test_loss_restricted_loss_ratio/;

function compare(
  { group }: Settings,
  measured: Readonly<Record<string, number>>,
  published: Readonly<Record<string, number>>,
): Compared[] {
  return Object.entries(published).flatMap(([metric, value]) => {
    const own = measured[metric];
    if (own === undefined) return [];
    const publishedWrongly = group.startsWith("C") && hiddenMetric.test(metric);
    return [{ metric, published: value, measured: own, publishedWrongly }];
  });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Within 1e-4 of the published number, or within 1e-6 where that is near zero. */
export function agrees({ published, measured }: Compared): boolean {
  const difference = Math.abs(measured - published);
  return difference <= 1e-4 * Math.abs(published) || difference <= 1e-6;
}
