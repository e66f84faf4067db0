/** What is measured of a model of two layers: losses, its heads, and what they are needed for. */

import { ablateHeads } from "../../analysis/ablation/index.ts";
import { allCompositionScores, type CompositionMode } from "../../analysis/composition/index.ts";
import { detectHead, type HeadName, headNames } from "../../analysis/head-detector/index.ts";
import {
  argmax,
  concatenate,
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
import { drawInduction, type InductionLayout } from "../../tasks/index.ts";
import { evenly, type Head, type HeadTable, mean, pairsOf, scoresOf, strong } from "./scores.ts";

/** When the text of this module changes, everything is measured again. */
export const measurements = import.meta.url;

/** Sequences that are drawn, those that the head detector sees, and those that are followed over training. */
const [drawnOn, detectedOn, followedOn] = [128, 16, 64];
/** Sequences of a pass, of which drawn ones make a whole number. */
const perPass = 32;
/** Seeds of the sequences: none is a training seed by default. */
const seeds = { losses: 1000, heads: 1001, steps: 1002 };

/** Sequences with "batch place": where each token of each copy is predicted. */
function drawn(layout: InductionLayout, rng: TorchGenerator, count: number) {
  const { copies, copyLength } = layout;
  const examples = drawInduction(layout, rng, count);
  const before = Array.from(examples.starts.data).flatMap((start) =>
    Array.from({ length: copyLength }, (_, i) => start + i - 1),
  );
  return { ...examples, before: nd("int32", [count, copies * copyLength], before) };
}

type Drawn = ReturnType<typeof drawn>;

/** What `read` gives of the sequences of each pass, one pass after the other. */
async function inTurn<T>(
  { tokens, before, starts }: Drawn,
  read: (pass: Pick<Drawn, "tokens" | "before" | "starts">) => Promise<T>,
): Promise<T[]> {
  const all: T[] = [];
  for (let from = 0; from < (tokens.shape[0] as number); from += perPass) {
    const part = (array: NdArray): NdArray => rows(array, from, perPass);
    all.push(await read({ tokens: part(tokens), before: part(before), starts: part(starts) }));
  }
  return all;
}

function rows({ dtype, shape, data }: NdArray, from: number, count: number): NdArray {
  const [, width = 0] = shape;
  return nd(dtype, [count, width], data.slice(from * width, (from + count) * width));
}

/** Loss in nats of the tokens after the places "batch place". */
function lossesAfter(logits: Tensor, tokens: Tensor, before: Tensor): Tensor {
  return takeAlongAxis(lossFn(logits, tokens, { perToken: true }), before, 1);
}

/** Logits, and all attention, "layer batch head dest src". */
function attending(model: AnyModel, tokens: Tensor) {
  const { logits, cache } = model.runWithCache(tokens);
  const patterns = stack(layersOf(model).map((layer) => cache.get("pattern", layer)));
  return { logits, patterns };
}

/** Losses, all attention, and that on the first sequence, "layer head dest src". */
function watching(model: AnyModel, tokens: Tensor, before: Tensor) {
  const { logits, patterns } = attending(model, tokens);
  return { losses: lossesAfter(logits, tokens, before), patterns, first: patterns.at([], 0) };
}

/** Losses alone. */
function predicting(model: AnyModel, tokens: Tensor, before: Tensor) {
  return { losses: lossesAfter(model.forward(tokens), tokens, before) };
}

/** The mean output of each head at each position, "layer pos head d_head". */
function outputs(model: AnyModel, tokens: Tensor) {
  const { cache } = model.runWithCache(tokens);
  return { means: stack(layersOf(model).map((layer) => cache.get("z", layer).mean(0))) };
}

/** The heads that `off` "layer head" marks switched off: they give `means`. */
function meanAblation(model: AnyModel, off: Tensor, means: Tensor): HookEntry[] {
  return layersOf(model).map((layer) =>
    ablateHeads(layer, off.at(layer), { replacement: means.at(layer) }),
  );
}

/** Losses with heads switched off: their output zero, or its mean. */
function ablated(model: AnyModel, tokens: Tensor, before: Tensor, off: Tensor, means: Tensor) {
  const without = (hooks: readonly HookEntry[]): Tensor =>
    lossesAfter(model.runWithHooks(tokens, hooks), tokens, before);
  return {
    zero: without(layersOf(model).map((layer) => ablateHeads(layer, off.at(layer)))),
    mean: without(meanAblation(model, off, means)),
  };
}

/** Losses with heads switched off in what the queries, the keys or the values of layer 1 read alone. */
function misread(model: AnyModel, tokens: Tensor, before: Tensor, off: Tensor, means: Tensor) {
  const { cache } = model.withHooks(meanAblation(model, off, means)).runWithCache(tokens);
  const patched = (read: "q" | "k" | "v"): Tensor => {
    const change: HookEntry = [getActName(read, 1), () => cache.get(read, 1)];
    return lossesAfter(model.runWithHooks(tokens, [change]), tokens, before);
  };
  return { queries: patched("q"), keys: patched("k"), values: patched("v") };
}

function layersOf({ nLayers }: AnyModel): number[] {
  return Array.from({ length: nLayers }, (_, layer) => layer);
}

/** Mean losses in nats. */
export async function losses({ run }: Subject, layout: InductionLayout, batches: number) {
  const rng = new TorchGenerator(seeds.losses);
  const each = [];
  for (let batch = 0; batch < batches; batch++) {
    const examples = drawn(layout, rng, drawnOn);
    each.push(...(await inTurn(examples, (pass) => run(predicting, pass.tokens, pass.before))));
  }
  return {
    sequences: batches * drawnOn,
    ...byCopy(
      each.map((one) => one.losses),
      layout,
    ),
  };
}
export type Losses = Awaited<ReturnType<typeof losses>>;

/** Means over the batch of arrays "batch place", in float64. */
function byCopy(each: readonly NdArray[], { copies, copyLength }: InductionLayout) {
  using _ = scope();
  const all = concatenate(each.map((one) => tensor(one).astype("float64")));
  const places = all.mean(0).reshape([copies, copyLength]);
  const known = places.at([], [1]);
  return {
    /** "copy token" */
    places: places.tolist() as number[][],
    /** Of a copy without its first token, which nothing predicts. */
    first: known.at(0).mean().item(),
    later: known.at([1]).mean().item(),
  };
}

/** Losses of each pass, scores over all, and the attention on the first sequence. */
async function watched(run: Subject["run"], examples: Drawn, layout: InductionLayout) {
  const seen = await inTurn(examples, async ({ tokens, before, starts }) => ({
    ...(await run(watching, tokens, before)),
    starts,
  }));
  const losses = seen.map((one) => one.losses);
  return { losses, scores: scoresOf(seen, layout), first: seen[0]?.first as NdArray };
}

/** Where each head attends, which heads do as their kind does, how they compose, what they copy. */
export async function heads({ model, run }: Subject, layout: InductionLayout) {
  const examples = drawn(layout, new TorchGenerator(seeds.heads), drawnOn);
  const pairs = pairsOf(examples, layout);
  const { scores, first } = await watched(run, examples, layout);
  using _ = scope();
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
      tokens: tensor(examples.tokens).at(0).tolist() as number[],
      starts: tensor(examples.starts).at(0).tolist() as number[],
      pattern: first,
    },
  };
}
export type Heads = Awaited<ReturnType<typeof heads>>;

/** What the head detector says of the first sequences, "layer head" for each kind. */
function detected(model: AnyModel, all: NdArray): Record<HeadName, HeadTable> {
  using _ = scope();
  const tokens = rows(all, 0, detectedOn);
  const { cache } = model.runWithCache(tokens);
  const detect = (name: HeadName) => [name, detectHead(model, tokens, name, { cache }).tolist()];
  return Object.fromEntries(headNames.map(detect));
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

/** Mean losses in nats on later copies with heads switched off. */
export async function ablations(
  { model, run }: Subject,
  layout: InductionLayout,
  previousHeads: readonly Head[],
  inductionHeads: readonly Head[],
) {
  const examples = drawn(layout, new TorchGenerator(seeds.heads), drawnOn);
  const means = await inTurn(examples, ({ tokens }) => run(outputs, tokens));
  const fill = meanOf(means.map((one) => one.means));
  const later = (each: readonly NdArray[]): number => byCopy(each, layout).later;
  const without = async (heads: readonly Head[]) => {
    const off = marks(model, heads);
    const each = await inTurn(examples, (pass) =>
      run(ablated, pass.tokens, pass.before, off, fill),
    );
    return { zero: later(each.map((one) => one.zero)), mean: later(each.map((one) => one.mean)) };
  };
  const marked = marks(model, previousHeads);
  const paths = await inTurn(examples, (pass) =>
    run(misread, pass.tokens, pass.before, marked, fill),
  );
  const [zero, mean]: [number[][], number[][]] = [[], []];
  for (const layer of layersOf(model)) {
    const alone = [];
    for (let head = 0; head < model.config.nHeads; head++)
      alone.push(await without([[layer, head]]));
    zero.push(alone.map((one) => one.zero));
    mean.push(alone.map((one) => one.mean));
  }
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
      queries: later(paths.map((one) => one.queries)),
      keys: later(paths.map((one) => one.keys)),
      values: later(paths.map((one) => one.values)),
    },
  };
}
export type Ablations = Awaited<ReturnType<typeof ablations>>;

/** The mean of arrays of one shape. */
function meanOf(arrays: readonly NdArray[]): NdArray {
  using _ = scope();
  return stack(arrays.map((one) => tensor(one)))
    .mean(0)
    .readSync();
}

/** 1 for each of some heads, "layer head". */
function marks({ nLayers, config }: AnyModel, heads: readonly Head[]): NdArray {
  const all = new Float32Array(nLayers * config.nHeads);
  for (const [layer, head] of heads) all[layer * config.nHeads + head] = 1;
  return nd("float32", [nLayers, config.nHeads], all);
}

/** One checkpoint on the way: losses and scores. */
export async function moment({ run }: Subject, layout: InductionLayout) {
  const examples = drawn(layout, new TorchGenerator(seeds.steps), followedOn);
  const { losses, scores } = await watched(run, examples, layout);
  const { first, later } = byCopy(losses, layout);
  const { previous, induction } = scores;
  return { first, later, previous, induction };
}
export type Moment = Awaited<ReturnType<typeof moment>>;

/** Logits after the last token of one sequence, and all attention, "layer head dest src". */
function answering(model: AnyModel, tokens: Tensor) {
  const { logits, patterns } = attending(model, tokens);
  return { logits: logits.at(0, -1), pattern: patterns.at([], 0) };
}

/** What the model expects after some tokens, and where its heads attend in them. */
export async function answer({ run }: Subject, sequence: readonly number[]) {
  const tokens = nd("int32", [1, sequence.length], [...sequence]);
  const { logits, pattern } = await run(answering, tokens);
  using _ = scope();
  return {
    /** Probability of each token. */
    expected: softmax(tensor(logits).astype("float64"), -1).tolist() as number[],
    pattern,
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
