/** Published models of Chughtai et al. 2023, measured again and compared with their own summaries. */

import { z } from "zod";
import { summaryMetrics } from "../../analysis/index.ts";
import { readPt, weightsOf } from "../../io/index.ts";
import type { StudyContext } from "../study.ts";
import type { NetworkName } from "./networks.ts";
import { analyseWeights, subjectOf, sumOfSquaredWeights } from "./open.ts";
import { groupCompositionParams } from "./params.ts";

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

const settingsFile = z.object({
  group: z.enum(["CyclicGroup", "DihedralGroup", "SymmetricGroup", "AlternatingGroup"]),
  group_parameter: z.int(),
  model: z.enum(["OneLayerMLP", "Transformer"]),
  frac_train: z.number(),
  seed: z.int(),
  layers: z.object({ embed_dim: z.int(), hidden_dim: z.int() }),
});

type SettingsFile = z.infer<typeof settingsFile>;

const letters: { readonly [G in SettingsFile["group"]]: string } = {
  CyclicGroup: "C",
  DihedralGroup: "D",
  SymmetricGroup: "S",
  AlternatingGroup: "A",
};

const kinds: { readonly [M in SettingsFile["model"]]: NetworkName } = {
  OneLayerMLP: "one-layer-mlp",
  Transformer: "hooked-transformer",
};

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
  const settings = settingsFile.parse(JSON.parse(textOf(cfg)));
  const weights = weightsOf(readPt(model));
  const kind = kinds[settings.model];
  const options = groupCompositionParams.parse({
    group: `${letters[settings.group]}${settings.group_parameter}`,
    model: kind,
    trainFraction: settings.frac_train,
    seed: settings.seed,
    dEmbed: settings.layers.embed_dim,
    ...(kind === "one-layer-mlp" ? { dMlp: settings.layers.hidden_dim } : {}),
  });
  const subject = await subjectOf(context.backend, options, weights);
  try {
    const analysis = analyseWeights(subject, weights, await subject.runner.run(weights));
    const squares = subject.network.sumsSquaredWeights
      ? { sum_of_squared_weights: sumOfSquaredWeights(weights) }
      : {};
    const measured = { ...summaryMetrics(analysis), ...squares } as Record<string, number>;
    return {
      name,
      group: options.group,
      model: kind,
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
  { group }: SettingsFile,
  measured: Readonly<Record<string, number>>,
  published: Readonly<Record<string, number>>,
): Compared[] {
  return Object.entries(published).flatMap(([metric, value]) => {
    const own = measured[metric];
    if (own === undefined) return [];
    const publishedWrongly = group === "CyclicGroup" && hiddenMetric.test(metric);
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
