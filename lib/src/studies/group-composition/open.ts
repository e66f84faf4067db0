/** One model opened up: everything the claims and figures about it need. */

import {
  analyseRepresentations,
  character,
  compareLogits,
  crossEntropy,
  irreducibleRepresentations,
  type LogitComparison,
  lowRank,
  type NeuronRepresentations,
  naturalRepresentation,
  neuronRepresentations,
  type Representation,
  type RepresentationAnalysis,
  type SingularVectors,
  singularVectors,
  summaryMetrics,
  traceTable,
} from "../../analysis/index.ts";
import type { Backend } from "../../compile/backend.ts";
import type { NdArray } from "../../core/nd.ts";
import { type FiniteGroup, groupByName } from "../../groups/index.ts";
import type { WeightArrays } from "../../models/index.ts";
import { groupComposition } from "../../tasks/index.ts";
import { type PairActivations, type PairRunner, pairRunner } from "./forward.ts";
import { type Network, type NetworkName, type NetworkSizes, networkOf } from "./networks.ts";
import type { GroupCompositionParams } from "./params.ts";
import { type Pictures, picturesOf } from "./pictures.ts";
import { pairIndices, splitOf } from "./plan.ts";

export interface OpenedModel {
  readonly analysis: RepresentationAnalysis;
  /** The metrics under the names of the published summary_metrics.json. */
  readonly summary: Readonly<Record<string, number>>;
  readonly squaredWeights: number;
  /** Singular values and vectors of the embeddings of a and b. */
  readonly embedding: { readonly a: SingularVectors; readonly b: SingularVectors };
  readonly lowRank: LowRank;
  readonly neurons: NeuronRepresentations;
  /** The logits beside characters: of the permutation matrices, and of the key representations. */
  readonly natural: LogitComparison;
  readonly keyTrace: LogitComparison | null;
  /** Null for groups too large to draw. */
  readonly pictures: Pictures | null;
}

/** Loss on all pairs with embeddings of lower rank. */
export interface LowRank {
  /** How many singular values stand out. */
  readonly rank: number;
  readonly full: number;
  readonly reduced: number;
}

/** A model of a group, ready to run on all pairs. */
export interface Subject {
  readonly group: FiniteGroup;
  readonly irreps: readonly Representation[];
  readonly network: Network<unknown>;
  readonly runner: PairRunner;
  readonly trainIndices: Int32Array;
  readonly testIndices: Int32Array;
}

export interface SubjectOptions extends NetworkSizes {
  readonly model: NetworkName;
  readonly group: string;
  readonly trainFraction: number;
  readonly seed: number;
  readonly irreps: GroupCompositionParams["irreps"];
}

/** Compile the model of these parameters. Release `runner` in the end. */
export async function subjectOf(
  backend: Backend,
  options: SubjectOptions,
  weights: WeightArrays,
): Promise<Subject> {
  const group = groupByName(options.group);
  const network = networkOf(options.model);
  const { tokens } = groupComposition.examples(options);
  const config = network.config(options, group.order);
  return {
    group,
    irreps: irreducibleRepresentations(group, { publishedOnly: options.irreps === "published" }),
    network,
    runner: await pairRunner(backend, network, config, weights, tokens),
    ...pairIndices(splitOf(options), group.order),
  };
}

/** The representation metrics of weights; `key` names the key representations, found by default. */
export function analyseWeights(
  { group, irreps, network, trainIndices, testIndices }: Subject,
  weights: WeightArrays,
  { logits, hidden }: PairActivations,
  key?: readonly string[],
): RepresentationAnalysis {
  const [embedA, embedB] = network.folded(weights, group.order);
  return analyseRepresentations({
    group,
    irreps,
    logits,
    hidden,
    embedA,
    embedB,
    unembed: network.unembed(weights),
    trainIndices,
    testIndices,
    ...(key === undefined ? {} : { key }),
  });
}

/** Largest order of a group whose maps over all pairs are drawn. */
const LARGEST_DRAWN = 130;

/** Everything about one set of weights. */
export async function openModel(subject: Subject, weights: WeightArrays): Promise<OpenedModel> {
  const { group, irreps, network, runner } = subject;
  const activations = await runner.run(weights);
  const analysis = analyseWeights(subject, weights, activations);
  const [embedA, embedB] = network.embeddings(weights, group.order);
  const embedding = {
    a: singularVectors(embedA, irreps),
    b: singularVectors(embedB, irreps),
  };
  const squaredWeights = sumOfSquaredWeights(weights);
  const neurons = neuronRepresentations(group, irreps, activations.hidden);
  return {
    analysis,
    summary: {
      ...summaryMetrics(analysis),
      ...(network.sumsSquaredWeights ? { sum_of_squared_weights: squaredWeights } : {}),
    },
    squaredWeights,
    embedding,
    lowRank: await lowRankLoss(subject, weights, analysis, embedding.a.singularValues),
    neurons,
    natural: compareLogits(
      activations.logits,
      traceTable(group, character(naturalRepresentation(group))),
      { rowOf: group.table },
    ),
    keyTrace: keyComparison(subject, analysis, activations.logits),
    pictures:
      group.order <= LARGEST_DRAWN ? picturesOf(subject, weights, activations, neurons) : null,
  };
}

/** Σw² over all weights. */
export function sumOfSquaredWeights(weights: WeightArrays): number {
  return Object.values(weights).reduce(
    (total, { data }) => (data as Float32Array).reduce((sum, x) => sum + x * x, total),
    0,
  );
}

/** The number of singular values before the largest ratio between neighbours. */
export function standingOut(singularValues: readonly number[]): number {
  const top = singularValues[0] ?? 0;
  const ratios = singularValues
    .slice(1)
    .map((value, i) => (value > 1e-6 * top ? (singularValues[i] as number) / value : 0));
  return ratios.indexOf(Math.max(...ratios)) + 1;
}

async function lowRankLoss(
  { network, group, runner }: Subject,
  weights: WeightArrays,
  analysis: RepresentationAnalysis,
  singularValues: readonly number[],
): Promise<LowRank> {
  const rank = standingOut(singularValues);
  const [a, b] = network.embeddings(weights, group.order);
  const reduced = network.withEmbeddings(weights, [lowRank(a, rank), lowRank(b, rank)]);
  const { logits } = await runner.run(reduced);
  return {
    rank,
    full: analysis.performance.loss.all,
    reduced: crossEntropy(logits, group.table),
  };
}

/** The logits beside the sum of the key representations' characters, weighted as the logits have them. */
function keyComparison(
  { group, irreps }: Subject,
  { keyRepresentations, representations }: RepresentationAnalysis,
  logits: NdArray,
): LogitComparison | null {
  const key = irreps.filter(({ name }) => keyRepresentations.includes(name));
  if (key.length === 0) return null;
  const weighted = new Float64Array(group.order);
  for (const irrep of key) {
    const found = representations.find(({ name }) => name === irrep.name);
    const chi = character(irrep);
    const norm = Math.sqrt(chi.reduce((sum, x) => sum + x * x, 0));
    for (const [g, x] of chi.entries()) {
      weighted[g] = (weighted[g] as number) + ((found?.logitSimilarity ?? 0) * x) / norm;
    }
  }
  return compareLogits(logits, traceTable(group, weighted), { rowOf: group.table });
}
