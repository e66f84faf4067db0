/** The published run of Nanda et al. with weight decay 0.1, analysed with the same functions. */

import { topFrequencies } from "../../analysis/index.ts";
import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";
import { readPt, weightsOf } from "../../io/index.ts";
import { hookedTransformer, hookedTransformerConfig } from "../../models/index.ts";
import { modularSplit, pairIndices } from "../modular-arithmetic/split.ts";
import { equal, withinShare } from "../shared/judge.ts";
import type { StudyContext } from "../study.ts";
import { analyseCircuit, pick } from "./circuit.ts";

/** Losses in nats, over all pairs unless named otherwise. */
export interface PublishedRun {
  readonly file: string;
  readonly keyFrequencies: readonly number[];
  readonly accuracy: number;
  readonly full: number;
  readonly restricted: number;
  readonly excluded: number;
  readonly giniEmbedding: number;
  readonly giniLogitMap: number;
  /** The five frequencies that hold most of the unembedding, largest first. */
  readonly top: readonly number[];
}

const file = "progress-measures/wd_10-1_mod_addition_loss_curve.pth";

const source: Source = {
  paper: "Nanda et al. 2023, Progress measures for grokking via mechanistic interpretability",
  at: `published run ${file}, recomputed in PyTorch`,
  url: "https://arxiv.org/abs/2301.05217",
};

/** Analyse the published run; null where its file is not at hand. */
export async function publishedRun(context: StudyContext): Promise<PublishedRun | null> {
  const bytes = await context.published(file);
  if (bytes === undefined) return null;
  context.progress("analysing the published run of Nanda et al.");
  const weights = weightsOf(readPt(bytes));
  const [tokens, dModel] = pick(weights, "embed.W_E").shape as [number, number];
  const [nHeads, , dHead] = pick(weights, "blocks.0.attn.W_Q").shape as [number, number, number];
  const p = tokens - 1;
  const config = hookedTransformerConfig.parse({
    nLayers: 1,
    nHeads,
    dModel,
    dHead,
    dMlp: pick(weights, "blocks.0.mlp.W_in").shape[1],
    actFn: "relu",
    normalizationType: null,
    dVocab: tokens,
    nCtx: 3,
  });
  const { train } = modularSplit({
    operation: "a+b",
    p,
    trainFraction: 0.3,
    dataSeed: 1,
    splitGenerator: "python",
  });
  const trainIndices = pairIndices(train, p);
  const circuit = { model: hookedTransformer, config, p, trainIndices, effective: unchanged };
  const analysis = await analyseCircuit(context.backend, circuit, weights);
  return {
    file,
    keyFrequencies: analysis.keyFrequencies,
    accuracy: analysis.performance.accuracy.all,
    full: analysis.progress.full.all,
    restricted: analysis.progress.restricted.all,
    excluded: analysis.progress.excluded.all,
    giniEmbedding: analysis.progress.giniEmbedding,
    giniLogitMap: analysis.progress.giniLogitMap,
    top: topFrequencies(analysis.unembedding.shares, 5),
  };
}

async function unchanged<T>(weights: T): Promise<T> {
  return weights;
}

/** What was published of the run; none where it is not at hand. */
export function publishedClaims(run: PublishedRun | null): Claim[] {
  if (run === null) return [];
  const share = (id: string, text: string, expected: number, measured: number): Claim =>
    withinShare(
      { id: `published-${id}`, text: `published run, ${text}`, source },
      expected,
      0.01,
      measured,
      "the published figures have three digits and count a sixth, weak frequency",
    );
  return [
    equal(
      { id: "published-key-frequencies", text: "published run, key frequencies", source },
      [6, 23, 37, 39, 41],
      run.keyFrequencies,
    ),
    share("full-loss", "loss over all pairs", 3.52e-7, run.full),
    share("restricted-loss", "restricted loss", 2.18e-9, run.restricted),
    share("excluded-loss", "excluded loss (train)", 8.4, run.excluded),
    share("gini-embedding", "Gini coefficient of W_E", 0.539, run.giniEmbedding),
    share("gini-logit-map", "Gini coefficient of W_L", 0.758, run.giniLogitMap),
  ];
}
