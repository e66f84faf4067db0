/** What is measured of a model of two layers: losses, its heads, and what they are needed for. */

import {
  type AttentionPair,
  ablateHeads,
  allCompositionScores,
  attentionOnPairs,
  type CompositionMode,
  detectHead,
  type HeadName,
  headNames,
  meanValues,
} from "../../analysis/index.ts";
import {
  argmax,
  scope,
  softmax,
  stack,
  type Tensor,
  takeAlongAxis,
  tensor,
} from "../../arrays/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { isNdArray, readPt } from "../../io/index.ts";
import type { AnyModel, Subject } from "../../lab/index.ts";
import { getActName, type HookEntry, HookedModel, lossFn } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { drawInduction, type InductionExamples, type InductionLayout } from "../../tasks/index.ts";

/** When the text of this module changes, everything is measured again. */
export const measurements = import.meta.url;

/** Sequences of a pass, those that the head detector sees, and those that are followed over training. */
const [perPass, detectedOn, followedOn] = [128, 16, 64];
/** Seeds of the sequences: none is a training seed by default. */
const seeds = { losses: 1000, heads: 1001, steps: 1002 };

export type Head = readonly [layer: number, head: number];
/** One number for each head, "layer head". */
export type HeadTable = readonly (readonly number[])[];

/** Sequences with "batch place": where each token of each copy is predicted. */
function drawn(layout: InductionLayout, rng: TorchGenerator, count: number) {
  const { copies, copyLength } = layout;
  const examples = drawInduction(layout, rng, count);
  const before = Array.from(examples.starts.data).flatMap((start) =>
    Array.from({ length: copyLength }, (_, i) => start + i - 1),
  );
  return { ...examples, before: nd("int32", [count, copies * copyLength], before) };
}

/** Loss in nats of the tokens after the places "batch place". */
function lossesAfter(logits: Tensor, tokens: Tensor, before: Tensor): Tensor {
  return takeAlongAxis(lossFn(logits, tokens, { perToken: true }), before, 1);
}

/** Losses, and the attention of each layer, "batch head dest src". */
function attending(model: AnyModel, tokens: Tensor, before: Tensor) {
  const { logits, cache } = model.runWithCache(tokens);
  return {
    losses: lossesAfter(logits, tokens, before),
    patterns: stack(layersOf(model).map((layer) => cache.get("pattern", layer))),
  };
}

/** Losses alone. */
function predicting(model: AnyModel, tokens: Tensor, before: Tensor) {
  return { losses: lossesAfter(model.forward(tokens), tokens, before) };
}

/** The heads that `off` "layer head" marks switched off: their output its mean at each position. */
function meanAblation(model: AnyModel, tokens: Tensor, off: Tensor): HookEntry[] {
  const { cache } = model.runWithCache(tokens);
  return layersOf(model).map((layer) =>
    ablateHeads(layer, off.at(layer), { replacement: meanValues(cache.get("z", layer)) }),
  );
}

/** Losses with heads switched off: their output zero, or its mean. */
function ablated(model: AnyModel, tokens: Tensor, before: Tensor, off: Tensor) {
  const zero = layersOf(model).map((layer) => ablateHeads(layer, off.at(layer)));
  const without = (hooks: readonly HookEntry[]): Tensor =>
    lossesAfter(model.runWithHooks(tokens, hooks), tokens, before);
  return { zero: without(zero), mean: without(meanAblation(model, tokens, off)) };
}

/** Losses with heads switched off in what the queries, the keys or the values of layer 1 read alone. */
function misread(model: AnyModel, tokens: Tensor, before: Tensor, off: Tensor) {
  const { cache } = model.withHooks(meanAblation(model, tokens, off)).runWithCache(tokens);
  const patched = (read: "q" | "k" | "v"): Tensor => {
    const change: HookEntry = [getActName(read, 1), () => cache.get(read, 1)];
    return lossesAfter(model.runWithHooks(tokens, [change]), tokens, before);
  };
  return { queries: patched("q"), keys: patched("k"), values: patched("v") };
}

function layersOf({ nLayers }: AnyModel): number[] {
  return Array.from({ length: nLayers }, (_, layer) => layer);
}

/** Mean losses in nats of each token of each copy, and without the first token, which nothing predicts. */
export async function losses({ run }: Subject, layout: InductionLayout, batches: number) {
  const rng = new TorchGenerator(seeds.losses);
  const sums = new Float64Array(layout.copies * layout.copyLength);
  for (let batch = 0; batch < batches; batch++) {
    const { tokens, before } = drawn(layout, rng, perPass);
    const each = await run(predicting, tokens, before);
    for (const [i, sum] of sumsOf(each.losses).entries()) sums[i] = (sums[i] as number) + sum;
  }
  return { sequences: batches * perPass, ...byCopy(sums, batches * perPass, layout) };
}
export type Losses = Awaited<ReturnType<typeof losses>>;

/** Sums over the batch of an array "batch place". */
function sumsOf({ shape, data }: NdArray): Float64Array {
  const sums = new Float64Array(shape[1] as number);
  for (const [i, value] of data.entries()) {
    const place = i % sums.length;
    sums[place] = (sums[place] as number) + Number(value);
  }
  return sums;
}

function byCopy(sums: Float64Array, count: number, { copies, copyLength }: InductionLayout) {
  const places = Array.from({ length: copies }, (_, copy) =>
    Array.from(sums.subarray(copy * copyLength, (copy + 1) * copyLength), (sum) => sum / count),
  );
  const known = places.map((copy) => mean(copy.slice(1)));
  return {
    /** "copy token" */
    places,
    first: known[0] as number,
    later: mean(known.slice(1)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Where a head of each kind attends where a subsequence comes back. */
type Kind = "previous" | "previousLater" | "duplicate" | "induction";

function pairsOf({ starts }: InductionExamples, { copies, copyLength }: InductionLayout) {
  const pairs: Record<Kind, AttentionPair[]> = {
    previous: [],
    previousLater: [],
    duplicate: [],
    induction: [],
  };
  for (let row = 0; row < (starts.shape[0] as number); row++) {
    const begin = (copy: number): number => starts.data[row * copies + copy] as number;
    for (let i = 1; i < copyLength; i++) {
      pairs.previous.push([row, begin(0) + i, begin(0) + i - 1]);
      for (let copy = 1; copy < copies; copy++) {
        const dest = begin(copy) + i - 1;
        pairs.previousLater.push([row, dest + 1, dest]);
        for (let earlier = 0; earlier < copy; earlier++) {
          pairs.duplicate.push([row, dest, begin(earlier) + i - 1]);
          pairs.induction.push([row, dest, begin(earlier) + i]);
        }
      }
    }
  }
  return pairs;
}

/** Mean attention of each head of "layer batch head dest src" on the pairs of each kind. */
function scoresOf(patterns: NdArray, pairs: Readonly<Record<Kind, readonly AttentionPair[]>>) {
  const [layers = 0, ...shape] = patterns.shape;
  const size = patterns.data.length / layers;
  const each = Array.from({ length: layers }, (_, layer) =>
    nd("float32", shape, patterns.data.slice(layer * size, (layer + 1) * size)),
  );
  const table = (kind: Kind): HeadTable =>
    each.map((pattern) => Array.from(attentionOnPairs(pattern, pairs[kind]).data, Number));
  return {
    /** From the tokens of the first copy, and of later copies, to the token before. */
    previous: table("previous"),
    previousLater: table("previousLater"),
    /** From the tokens of later copies to the same token in earlier copies. */
    duplicate: table("duplicate"),
    /** From the tokens of later copies to what followed the same token in earlier copies. */
    induction: table("induction"),
  };
}

/** The same for a head that attends to all it sees alike. */
function evenly(pairs: readonly AttentionPair[]): number {
  const asked = new Set(pairs.map(([row, dest]) => `${row} ${dest}`));
  return pairs.reduce((sum, [, dest]) => sum + 1 / (dest + 1), 0) / asked.size;
}

/** Where each head attends, which heads do as their kind does, how they compose, what they copy. */
export async function heads({ model, run }: Subject, layout: InductionLayout) {
  const examples = drawn(layout, new TorchGenerator(seeds.heads), perPass);
  const { patterns } = await run(attending, examples.tokens, examples.before);
  const pairs = pairsOf(examples, layout);
  const scores = scoresOf(patterns, pairs);
  const length = examples.tokens.shape[1] as number;
  return {
    scores,
    chance: { previous: evenly(pairs.previous), induction: evenly(pairs.induction) },
    previousHeads: strong(scores.previous),
    inductionHeads: strong(scores.induction),
    detected: detected(model, examples.tokens),
    composition: composition(model),
    copied: copied(model),
    /** The first sequence: its tokens, where each copy begins, and attention "layer head dest src". */
    example: {
      tokens: Array.from(examples.tokens.data.subarray(0, length), Number),
      starts: Array.from(examples.starts.data.subarray(0, layout.copies), Number),
      pattern: firstSequence(patterns),
    },
  };
}
export type Heads = Awaited<ReturnType<typeof heads>>;

/** The heads with at least half of the largest score. */
export function strong(scores: HeadTable): Head[] {
  const least = Math.max(...scores.flat()) / 2;
  return scores.flatMap((row, layer) =>
    row.flatMap((score, head) => (score >= least ? [[layer, head] as const] : [])),
  );
}

/** What the head detector says of the first sequences, "layer head" for each kind. */
function detected(model: AnyModel, { shape, data }: NdArray): Record<HeadName, HeadTable> {
  using _ = scope();
  const width = shape[1] as number;
  const tokens = nd("int32", [detectedOn, width], data.slice(0, detectedOn * width));
  const { cache } = model.runWithCache(tokens);
  const entries = headNames.map((name) => [
    name,
    detectHead(model, tokens, name, { cache }).tolist(),
  ]);
  return Object.fromEntries(entries);
}

/** Composition scores of heads of layer 0 (rows) with heads of layer 1; `random`: of random weights. */
function composition(model: AnyModel) {
  using _ = scope();
  const drawn = Object.entries(model.model.init(model.config, new TorchGenerator(0)));
  const weights = Object.fromEntries(drawn.map(([name, array]) => [name, tensor(array)]));
  const random = new HookedModel(model.model, model.config, weights);
  const between = (of: AnyModel, mode: CompositionMode) =>
    allCompositionScores(of, mode).at(0, [], 1).tolist() as number[][];
  return {
    q: between(model, "Q"),
    k: between(model, "K"),
    v: between(model, "V"),
    random: mean((["Q", "K", "V"] as const).flatMap((mode) => between(random, mode).flat())),
  };
}

/** Share of the tokens that raise their own logit most when a head attends to them, "layer head". */
function copied(model: AnyModel): HeadTable {
  using _ = scope();
  const [, nHeads = 0] = model.W_V.shape;
  return layersOf(model).map((layer) =>
    Array.from({ length: nHeads }, (_, head) => {
      const value = model.W_E.matmul(model.W_V.at(layer, head));
      const written = value.matmul(model.W_O.at(layer, head)).matmul(model.W_U);
      const own = (argmax(written, -1).tolist() as number[]).map((out, token) => out === token);
      return mean(own.slice(1).map(Number));
    }),
  );
}

/** The first sequence of "layer batch head dest src". */
function firstSequence({ shape, data }: NdArray): NdArray {
  const [layers = 0, batch = 0, ...rest] = shape;
  const size = data.length / (layers * batch);
  const parts = Array.from({ length: layers }, (_, layer) =>
    Array.from(data.subarray(layer * batch * size, layer * batch * size + size), Number),
  );
  return nd("float32", [layers, ...rest], parts.flat());
}

/** Mean losses in nats on later copies with heads switched off. */
export async function ablations(
  { model, run }: Subject,
  layout: InductionLayout,
  previousHeads: readonly Head[],
  inductionHeads: readonly Head[],
) {
  const { tokens, before } = drawn(layout, new TorchGenerator(seeds.heads), perPass);
  const later = (each: NdArray): number => byCopy(sumsOf(each), perPass, layout).later;
  const without = async (heads: readonly Head[]) => {
    const { zero, mean } = await run(ablated, tokens, before, marks(model, heads));
    return { zero: later(zero), mean: later(mean) };
  };
  const [zero, mean]: [number[][], number[][]] = [[], []];
  for (const layer of layersOf(model)) {
    const alone = [];
    for (let head = 0; head < model.config.nHeads; head++)
      alone.push(await without([[layer, head]]));
    zero.push(alone.map((one) => one.zero));
    mean.push(alone.map((one) => one.mean));
  }
  const paths = await run(misread, tokens, before, marks(model, previousHeads));
  return {
    whole: (await without([])).mean,
    /** Each head alone, "layer head": its output zero, or its mean at that position. */
    zero,
    mean,
    /** The outputs of all previous-token, or all induction heads at once replaced by their means. */
    previous: (await without(previousHeads)).mean,
    induction: (await without(inductionHeads)).mean,
    /** Those of the previous-token heads, only in what layer 1 reads. */
    paths: {
      queries: later(paths.queries),
      keys: later(paths.keys),
      values: later(paths.values),
    },
  };
}
export type Ablations = Awaited<ReturnType<typeof ablations>>;

/** 1 for each of some heads, "layer head". */
function marks({ nLayers, config }: AnyModel, heads: readonly Head[]): NdArray {
  const all = new Float32Array(nLayers * config.nHeads);
  for (const [layer, head] of heads) all[layer * config.nHeads + head] = 1;
  return nd("float32", [nLayers, config.nHeads], all);
}

/** One checkpoint on the way: losses and scores. */
export async function moment({ run }: Subject, layout: InductionLayout) {
  const examples = drawn(layout, new TorchGenerator(seeds.steps), followedOn);
  const seen = await run(attending, examples.tokens, examples.before);
  const { first, later } = byCopy(sumsOf(seen.losses), followedOn, layout);
  const { previous, induction } = scoresOf(seen.patterns, pairsOf(examples, layout));
  return { first, later, previous, induction };
}
export type Moment = Awaited<ReturnType<typeof moment>>;

/** Logits after the last token, and all attention. */
function answering(model: AnyModel, tokens: Tensor) {
  const { logits, cache } = model.runWithCache(tokens);
  return {
    logits: logits.at(0, -1),
    patterns: stack(layersOf(model).map((layer) => cache.get("pattern", layer))),
  };
}

/** What the model expects after some tokens, and where its heads attend in them. */
export async function answer({ run }: Subject, sequence: readonly number[]) {
  const { logits, patterns } = await run(
    answering,
    nd("int32", [1, sequence.length], [...sequence]),
  );
  using _ = scope();
  return {
    /** Probability of each token. */
    expected: softmax(tensor(logits).astype("float64"), -1).tolist() as number[],
    pattern: firstSequence(patterns),
  };
}
export type Answer = Awaited<ReturnType<typeof answer>>;

/** The losses that the file of a published run holds beside its weights, one of each update. */
export function storedLosses({ file }: Subject): number[] {
  const root = file === undefined ? null : readPt(file);
  if (root === null || typeof root !== "object" || isNdArray(root) || Array.isArray(root))
    return [];
  const { train_losses: stored } = root as { readonly train_losses?: unknown };
  return Array.isArray(stored) ? stored.map(Number) : [];
}
