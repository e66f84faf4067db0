/**
 * What share of a model is representation theory. Source: Chughtai, Chan and Nanda 2023, A toy model of
 * universality, section 5 and its published code. Sums over inputs are in float64.
 */

import {
  type Float64NdArray,
  float64,
  matmul,
  sumOfSquares,
  transpose,
} from "../../../analysis/linalg/index.ts";
import { dims } from "../../../core/dims.ts";
import type { NdArray } from "../../../core/nd.ts";
import type { FiniteGroup } from "../../../groups/index.ts";
import { ExcludedLosses, productLoss } from "./excluded.ts";
import { type NeuronRepresentations, neuronRepresentations } from "./neurons.ts";
import { checkBlock, type PairPass } from "./pairs.ts";
import { character, naturalRepresentation, type Representation } from "./representation.ts";
import { functionSpace, projectOn, shareIn } from "./span.ts";
import {
  centerRow,
  type PairSums,
  performanceOf,
  type SplitPerformance,
  sumPairs,
} from "./sums.ts";
import { type LogitComparison, TraceComparison, traceTable } from "./traces.ts";

/** A model of ab, opened on all pairs (a, b). */
export interface RepresentationInput {
  readonly group: FiniteGroup;
  readonly irreps: readonly Representation[];
  /** Runs the model on all pairs; called twice. */
  readonly pass: PairPass;
  /** What the first and second element add to the hidden layer (or their embeddings), "element column". */
  readonly embedA: NdArray;
  readonly embedB: NdArray;
  /** From the hidden layer to the logits, "neuron c". */
  readonly unembed: NdArray;
  /** Pairs order·a + b of the training set, and the others. Losses of a part without pairs are NaN. */
  readonly trainIndices: Int32Array;
  readonly testIndices: Int32Array;
  /** Names of the key representations; default those above `keyThreshold`. */
  readonly key?: readonly string[];
}

/** Shares of squares are between 0 and 1; losses in nats. */
export interface RepresentationMetrics {
  readonly name: string;
  readonly dimension: number;
  /** Cosine between the centered logits and χ(abc⁻¹); null for the trivial representation. */
  readonly logitSimilarity: number | null;
  readonly embedA: number;
  readonly embedB: number;
  readonly unembed: number;
  /** Of the centered hidden layer, by functions of a, of b and of the product ab. */
  readonly hiddenA: number;
  readonly hiddenB: number;
  readonly hiddenAB: number;
  readonly losses: SubspaceLosses;
}

/**
 * Restricted: loss on all pairs of this part alone. Excluded: loss on the training pairs of all but
 * this part. Of the logits χ(abc⁻¹) (null for the trivial representation), or of ρ(ab) in the hidden
 * layer. The path around the hidden layer of a transformer and biases are left out of the latter.
 */
export interface SubspaceLosses {
  readonly logitRestricted: number | null;
  readonly logitExcluded: number | null;
  readonly hiddenRestricted: number;
  readonly hiddenExcluded: number;
}

/** What `analyzeRepresentations` measures. */
export interface RepresentationAnalysis {
  readonly performance: SplitPerformance;
  readonly representations: readonly RepresentationMetrics[];
  /** Names of the representations with a logit similarity above the threshold. */
  readonly keyRepresentations: readonly string[];
  /** `logits` sums over all non-trivial representations, the others over the key ones. */
  readonly explained: {
    readonly logits: number;
    readonly embedA: number;
    readonly embedB: number;
    readonly unembed: number;
    readonly hidden: number;
    readonly hiddenAB: number;
  };
  /** Of all key representations together. */
  readonly losses: SubspaceLosses;
  readonly neurons: NeuronRepresentations;
  /**
   * The logits beside χ(abc⁻¹) of the permutation matrices, and beside the sum of the key representations'
   * characters, weighted as the logits have them; null without a key representation.
   */
  readonly traces: { readonly natural: LogitComparison; readonly key: LogitComparison | null };
}

/** A representation counts as learned above this logit similarity (published code). */
export const keyThreshold = 0.005;

/** One representation's functions and its parts of logits and hidden layer, as tables by product. */
interface Part {
  readonly irrep: Representation;
  readonly basis: Float64NdArray;
  readonly similarity: number | null;
  /** "ab c" */
  readonly logits: Float64NdArray | null;
  readonly hidden: Float64NdArray;
}

/** Every metric of the paper, per representation and in total. */
export async function analyzeRepresentations(
  input: RepresentationInput,
): Promise<RepresentationAnalysis> {
  const { group, irreps, unembed, trainIndices, testIndices } = input;
  const natural = traceTable(group, character(naturalRepresentation(group)));
  const sums = await sumPairs(group, input.pass, natural);
  const neuron = sums.squares.length;
  dims("analyzeRepresentations unembed", unembed, "neuron c", { neuron, c: group.order });
  const parts = irreps.map((irrep) => partOf(group, irrep, sums));
  const key = parts.filter(({ irrep, similarity }) =>
    input.key === undefined
      ? similarity !== null && similarity > keyThreshold
      : input.key.includes(irrep.name),
  );
  const { losses, comparison } = await secondPass(input, key, [...parts.map((one) => [one]), key]);
  const representations = parts.map((part, i) =>
    metricsOf(input, part, sums, losses[i] as SubspaceLosses),
  );
  const keyRepresentations = key.map(({ irrep }) => irrep.name);
  return {
    performance: performanceOf(sums, trainIndices, testIndices),
    representations,
    keyRepresentations,
    explained: explainedBy(representations, keyRepresentations),
    losses: losses.at(-1) as SubspaceLosses,
    neurons: neuronRepresentations(irreps, sums),
    traces: { natural: sums.comparison, key: comparison },
  };
}

function partOf(group: FiniteGroup, irrep: Representation, sums: PairSums): Part {
  const basis = functionSpace(irrep);
  const ofProduct = projectOn(basis, sums.rawByProduct);
  const hidden = { ...ofProduct, data: ofProduct.data.map((x) => x / group.order) };
  if (irrep.name === "trivial") return { irrep, basis, similarity: null, logits: null, hidden };
  const { similarity, table } = logitsOfTrace(group, sums, character(irrep));
  return { irrep, basis, similarity, logits: table, hidden };
}

/**
 * Cosine between the centered logits and T = χ(abc⁻¹), and the part of the logits that the published
 * code takes for it: cosine · |logits| · T/|T|, as a table "ab c".
 */
function logitsOfTrace(
  group: FiniteGroup,
  { logits, logitNorm }: PairSums,
  chi: Float64Array,
): { readonly similarity: number; readonly table: Float64NdArray } {
  const trace = traceTable(group, chi);
  const length = Math.sqrt(group.order * sumOfSquares(trace.data));
  let inner = 0;
  for (let at = 0; at < trace.data.length; at++) {
    inner += (trace.data[at] as number) * (logits.data[at] as number);
  }
  const similarity = inner / (logitNorm * length);
  const factor = (similarity * logitNorm) / length;
  return { similarity, table: { ...trace, data: trace.data.map((x) => factor * x) } };
}

function metricsOf(
  { embedA, embedB, unembed }: RepresentationInput,
  { irrep, basis, similarity }: Part,
  sums: PairSums,
  losses: SubspaceLosses,
): RepresentationMetrics {
  const total = sums.squares.reduce((sum, x) => sum + x, 0);
  const hiddenShare = (folded: NdArray): number =>
    (shareIn(basis, folded) * sumOfSquares(folded.data)) / sums.order / total;
  return {
    name: irrep.name,
    dimension: irrep.dimension,
    logitSimilarity: similarity,
    embedA: shareIn(basis, embedA),
    embedB: shareIn(basis, embedB),
    unembed: shareIn(basis, transpose(unembed)),
    hiddenA: hiddenShare(sums.byA),
    hiddenB: hiddenShare(sums.byB),
    hiddenAB: hiddenShare(sums.byProduct),
    losses,
  };
}

/**
 * Losses of sums of parts, restricted to them and without them, and the logits beside the key parts: what
 * needs the first pass's parts.
 */
async function secondPass(
  { group, pass, unembed, trainIndices }: RepresentationInput,
  key: readonly Part[],
  groups: readonly (readonly Part[])[],
): Promise<{ losses: SubspaceLosses[]; comparison: LogitComparison | null }> {
  const size = [group.order, unembed.shape[0] as number];
  const tables = groups.map((parts) => {
    const logits = parts.flatMap((part) => (part.logits === null ? [] : [part.logits]));
    const trivialOnly = parts.length > 0 && logits.length === 0;
    const hidden = sumOf(
      parts.map((part) => part.hidden),
      size,
    );
    return {
      logits: trivialOnly ? null : sumOf(logits, [group.order, group.order]),
      hidden: matmul(hidden, unembed),
    };
  });
  const excluded = new ExcludedLosses(group, unembed, trainIndices, tables);
  const comparison = key.length === 0 ? null : new TraceComparison(weightedTrace(group, key));
  const [row, powers] = [new Float64Array(group.order), new Float64Array(group.order)];
  await pass((block) => {
    const { pair } = checkBlock("analyzeRepresentations", group, block);
    excluded.add(block);
    for (let i = 0; i < pair && comparison !== null; i++) {
      centerRow(block.logits.data, i * group.order, row, powers);
      comparison.add(group.table[block.start + i] as number, row, powers);
    }
  });
  const without = excluded.result();
  const losses = tables.map(({ logits, hidden }, i) => ({
    logitRestricted: logits === null ? null : productLoss(group, logits),
    logitExcluded: without[i]?.logits ?? null,
    hiddenRestricted: productLoss(group, hidden),
    hiddenExcluded: without[i]?.hidden ?? Number.NaN,
  }));
  return { losses, comparison: comparison?.result() ?? null };
}

/** Σ similarity · χ(abc⁻¹)/|χ| over some parts, "ab c". */
function weightedTrace(group: FiniteGroup, key: readonly Part[]): Float64NdArray {
  const weighted = new Float64Array(group.order);
  for (const { irrep, similarity } of key) {
    const chi = character(irrep);
    const norm = Math.sqrt(sumOfSquares(chi));
    for (const [g, x] of chi.entries()) {
      weighted[g] = (weighted[g] as number) + ((similarity ?? 0) * x) / norm;
    }
  }
  return traceTable(group, weighted);
}

function sumOf(tables: readonly Float64NdArray[], shape: readonly number[]): Float64NdArray {
  const out = float64(shape);
  for (const { data } of tables) {
    for (let i = 0; i < data.length; i++) {
      out.data[i] = (out.data[i] as number) + (data[i] as number);
    }
  }
  return out;
}

function explainedBy(
  all: readonly RepresentationMetrics[],
  key: readonly string[],
): RepresentationAnalysis["explained"] {
  const learned = all.filter(({ name }) => key.includes(name));
  const sum = (
    list: readonly RepresentationMetrics[],
    value: (one: RepresentationMetrics) => number,
  ): number => list.reduce((total, one) => total + value(one), 0);
  return {
    logits: sum(all, ({ logitSimilarity }) => (logitSimilarity ?? 0) ** 2),
    embedA: sum(learned, ({ embedA }) => embedA),
    embedB: sum(learned, ({ embedB }) => embedB),
    unembed: sum(learned, ({ unembed }) => unembed),
    hidden: sum(learned, ({ hiddenA, hiddenB, hiddenAB }) => hiddenA + hiddenB + hiddenAB),
    hiddenAB: sum(learned, ({ hiddenAB }) => hiddenAB),
  };
}
