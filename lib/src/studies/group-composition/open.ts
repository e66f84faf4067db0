/** One model opened up: everything the claims and figures about it need. */

import {
  analyseRepresentations,
  crossEntropy,
  irreducibleRepresentations,
  type LogitComparison,
  lowRank,
  type NeuronRepresentations,
  type PairPass,
  type Representation,
  type RepresentationAnalysis,
  type SingularVectors,
  type Svd,
  singularVectors,
  summaryMetrics,
  svd,
} from "../../analysis/index.ts";
import type { Backend } from "../../compile/backend.ts";
import type { NdArray } from "../../core/nd.ts";
import { type FiniteGroup, groupByName } from "../../groups/index.ts";
import type { WeightArrays } from "../../models/index.ts";
import { groupComposition } from "../../tasks/index.ts";
import { type PairRunner, pairRunner } from "./forward.ts";
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
  pass: PairPass,
  key?: readonly string[],
): Promise<RepresentationAnalysis> {
  const [embedA, embedB] = network.folded(weights, group.order);
  return analyseRepresentations({
    group,
    irreps,
    pass,
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
export async function openModel(
  subject: Subject,
  weights: WeightArrays,
  progress: (message: string) => void = () => {},
): Promise<OpenedModel> {
  const { group, irreps, network, runner } = subject;
  const pass = (model: WeightArrays, what: string) =>
    runner.pass(model, tell(progress, group, what));
  const analysis = await analyseWeights(subject, weights, pass(weights, "representations"));
  progress("singular values of the embeddings");
  const decomposed = network.embeddings(weights, group.order).map(svd) as [Svd, Svd];
  const [a, b] = decomposed.map((one) => singularVectors(one, irreps)) as [
    SingularVectors,
    SingularVectors,
  ];
  const squaredWeights = sumOfSquaredWeights(weights);
  const rank = standingOut(a.singularValues);
  const [lowA, lowB] = decomposed.map((one) => lowRank(one, rank)) as [NdArray, NdArray];
  const reduced = network.withEmbeddings(weights, [lowA, lowB]);
  return {
    analysis,
    summary: {
      ...summaryMetrics(analysis),
      ...(network.sumsSquaredWeights ? { sum_of_squared_weights: squaredWeights } : {}),
    },
    squaredWeights,
    embedding: { a, b },
    lowRank: {
      rank,
      full: analysis.performance.loss.all,
      reduced: await lossOf(group, pass(reduced, "loss with embeddings of low rank")),
    },
    neurons: analysis.neurons,
    natural: analysis.traces.natural,
    keyTrace: analysis.traces.key,
    pictures:
      group.order <= LARGEST_DRAWN
        ? picturesOf(subject, weights, await runner.run(weights), analysis.neurons)
        : null,
  };
}

/** Says how far a pass is, in tenths. */
function tell(progress: (message: string) => void, { order }: FiniteGroup, what: string) {
  let tenths = 0;
  return (done: number): void => {
    const now = Math.floor((10 * done) / order ** 2);
    if (now > tenths && order > LARGEST_DRAWN) progress(`${what}: ${10 * now} % of all pairs`);
    tenths = now;
  };
}

/** Mean cross-entropy over all pairs. */
async function lossOf({ order, table }: FiniteGroup, pass: PairPass): Promise<number> {
  let sum = 0;
  await pass(({ start, logits }) => {
    const count = logits.shape[0] as number;
    sum += count * crossEntropy(logits, table.subarray(start, start + count));
  });
  return sum / order ** 2;
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
