import { einsum, expandDims, stack, type Tensor, take } from "../../arrays/index.ts";
import { InputError, ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { checkOptions, type OptionNames } from "../../core/options.ts";
import type {
  ActivationCache,
  HookedModel,
  HookedTransformerConfig,
  Tokens,
} from "../../models/index.ts";
import { isCentered } from "../../models/layers/norm.ts";
import { evaluateSweep } from "./generic.ts";
import { axisLabels, indicesFromRanges } from "./grid.ts";
import { type Layout, patchResult } from "./result.ts";
import { sliceSetter } from "./setters.ts";
import { type Evaluated, type Sources, type Sweep, tokenArray } from "./sweep.ts";
import type { IndexEntry, Metric, PatchOptions, PatchResult, PatchSetter } from "./types.ts";

/** What of the destination head reads the source head. */
export type PathComponent = "q" | "k" | "v";

/** Which component of the destinations is patched, and how. */
export interface DirectPathOptions extends PatchOptions {
  /** Default "q". */
  readonly component?: PathComponent;
}

type Transformer = HookedModel<HookedTransformerConfig>;

const directPathNames: OptionNames<DirectPathOptions> = {
  component: true,
  backend: true,
  chunk: true,
  threads: true,
};

/**
 * Direct path patching from one head to every later head, "layer head" of the destination: the
 * metric of the corrupted run when only what the destination's query (key, value) reads of the
 * source head is that of the clean run (Wang et al. 2022). The normalization of the destination
 * keeps the scale of the corrupted run and is otherwise exact, with or without folded weights.
 * Heads that the source does not reach have the metric of the corrupted run.
 * @throws InputError for a head that the model does not have.
 */
export async function getActPatchDirectPath(
  model: Transformer,
  corruptedTokens: Tokens,
  cleanCache: ActivationCache,
  corruptedCache: ActivationCache,
  metric: Metric,
  source: { readonly layer: number; readonly head: number },
  options: DirectPathOptions = {},
): Promise<PatchResult> {
  checkOptions("getActPatchDirectPath", options, directPathNames);
  const { nHeads, nLayers } = model.config;
  const inside = (i: number, size: number): boolean => Number.isInteger(i) && i >= 0 && i < size;
  if (!inside(source.layer, nLayers) || !inside(source.head, nHeads)) {
    throw new InputError(
      `getActPatchDirectPath: the source must be a head below layer ${nLayers} and head ${nHeads}, got layer ${source.layer} and head ${source.head}`,
    );
  }
  const where = "getActPatchDirectPath";
  const caches = { clean: cleanCache, corrupted: corruptedCache };
  const sources = [source.layer * nHeads + source.head];
  const evaluated = await pathsFrom(
    where,
    model,
    corruptedTokens,
    caches,
    metric,
    sources,
    options,
  );
  return patchResult(evaluated, headLayout(model, ["layer", "head"]));
}

/** `getActPatchDirectPath` from every head: "source_layer source_head layer head". */
export async function getActPatchDirectPathAllSources(
  model: Transformer,
  corruptedTokens: Tokens,
  cleanCache: ActivationCache,
  corruptedCache: ActivationCache,
  metric: Metric,
  options: DirectPathOptions = {},
): Promise<PatchResult> {
  checkOptions("getActPatchDirectPathAllSources", options, directPathNames);
  const { nHeads, nLayers } = model.config;
  const sources = Array.from({ length: nLayers * nHeads }, (_, i) => i);
  const where = "getActPatchDirectPathAllSources";
  const caches = { clean: cleanCache, corrupted: corruptedCache };
  const evaluated = await pathsFrom(
    where,
    model,
    corruptedTokens,
    caches,
    metric,
    sources,
    options,
  );
  const axes = ["source_layer", "source_head", "layer", "head"];
  return patchResult(evaluated, headLayout(model, axes));
}

function headLayout({ config }: Transformer, axes: readonly string[]): Layout {
  const words = (axis: string): readonly string[] =>
    axis.endsWith("layer")
      ? axisLabels("layer", config.nLayers)
      : axisLabels("head", config.nHeads);
  return { axes, labels: axes.map(words) };
}

interface Caches {
  readonly clean: ActivationCache;
  readonly corrupted: ActivationCache;
}

const weightOf = { q: "W_Q", k: "W_K", v: "W_V" } as const;

/**
 * Adds to one head what a source head writes differently: `source` is
 * "source batch pos head d_head", what each source changes of each head of the layer.
 */
const addPath: PatchSetter = (corrupted, index, source) => {
  const [layer, from, head] = index as [IndexEntry, IndexEntry, IndexEntry];
  const row = typeof from === "number" ? [from] : from.reshape([1]);
  const change = take(source, row, 0).reshape(corrupted.shape);
  return chooseHead(corrupted, [layer, head], corrupted.add(change));
};

const chooseHead = sliceSetter("getActPatchDirectPath", [2]);

async function pathsFrom(
  where: string,
  model: Transformer,
  corruptedTokens: Tokens,
  caches: Caches,
  metric: Metric,
  heads: readonly number[],
  { component = "q", ...options }: DirectPathOptions,
): Promise<Evaluated> {
  const { nLayers, nHeads } = model.config;
  const tokens: NdArray = await tokenArray(where, model, corruptedTokens);
  const layerOf = (head: number): number => Math.floor(head / nHeads);
  const all = indicesFromRanges([heads.length, nLayers, nHeads]);
  const paths = all.filter(
    ([s, layer]) => (layer as number) > layerOf(heads[s as number] as number),
  );
  checkCaches(where, model, caches, tokens);
  const changes: Sources = changesOf(model, caches, heads, component);
  const sweep: Sweep = {
    where,
    metric,
    setter: addPath,
    nameOf: (layer) => `blocks.${layer}.attn.hook_${component}`,
    indices: paths.map(([s, layer, head]) => [layer, s, head] as number[]),
  };
  if (paths.length === 0) {
    throw new InputError(`${where}: no head lies after the source in ${nLayers} layers`);
  }
  const evaluated = await evaluateSweep(model, tokens, sweep, changes, options);
  return everywhere(evaluated, all, paths);
}

/** @throws ShapeError for caches of other batches or lengths than the tokens. */
function checkCaches(where: string, model: Transformer, caches: Caches, { shape }: NdArray): void {
  const wanted = [...shape, model.config.nHeads, model.config.dHead];
  for (const [kind, cache] of Object.entries(caches) as [string, ActivationCache][]) {
    const got = cache.get("blocks.0.attn.hook_z").shape;
    if (got.join() === wanted.join()) continue;
    throw new ShapeError(`${where}: ${kind} activation "blocks.0.attn.hook_z"`, wanted, got);
  }
}

/** The numbers of some indices, and the baseline for the others. */
function everywhere(
  { values, baseline, examples }: Evaluated,
  all: readonly (readonly number[])[],
  some: readonly (readonly number[])[],
): Evaluated {
  const each = examples ?? 1;
  const place = new Map(some.map((index, i) => [index, i]));
  const filled = all.flatMap((index) => {
    const i = place.get(index);
    return i === undefined ? [...baseline] : [...values.subarray(i * each, (i + 1) * each)];
  });
  return { values: Float64Array.from(filled), baseline, examples };
}

/** For each layer after the first source: "source batch pos head d_head" of `addPath`. */
function changesOf(
  model: Transformer,
  { clean, corrupted }: Caches,
  heads: readonly number[],
  component: PathComponent,
): Sources {
  const { nLayers, nHeads } = model.config;
  const deltas = heads.map((from) => {
    const [layer, head] = [Math.floor(from / nHeads), from % nHeads];
    const name = `blocks.${layer}.attn.hook_z`;
    const change = clean.get(name).sub(corrupted.get(name)).at([], [], head);
    return change.matmul((model.weights[`blocks.${layer}.attn.W_O`] as Tensor).at(head));
  });
  const first = Math.floor(Math.min(...heads) / nHeads) + 1;
  const layers = Array.from({ length: Math.max(0, nLayers - first) }, (_, i) => first + i);
  return new Map(
    layers.map((layer) => {
      const w = model.weights[`blocks.${layer}.attn.${weightOf[component]}`] as Tensor;
      const read = deltas.map((delta) => normalizedChange(model, corrupted, layer, delta));
      return [
        layer,
        stack(
          read.map((change) => readBy(w, change)),
          0,
        ),
      ];
    }),
  );
}

/**
 * What a change "batch pos d_model" of the residual stream changes of the normalized input of a
 * layer's attention, with the scale of the corrupted run: "batch pos d_model", or with an axis head
 * before d_model where each head has its own input.
 */
function normalizedChange(
  { config, weights }: Transformer,
  corrupted: ActivationCache,
  layer: number,
  change: Tensor,
): Tensor {
  const { normalizationType: type } = config;
  if (type === null) return change;
  const scale = corrupted.get(`blocks.${layer}.ln1.hook_scale`);
  const centered = isCentered(type) ? change.sub(change.mean(-1, { keepdims: true })) : change;
  const divided = (scale.ndim === 4 ? expandDims(centered, 2) : centered).div(scale);
  const factor = weights[`blocks.${layer}.ln1.w`];
  return factor === undefined ? divided : divided.mul(factor);
}

/** What heads read of a change: "batch pos head d_head". */
function readBy(w: Tensor, change: Tensor): Tensor {
  return einsum(change.ndim === 4 ? "bphd,hde->bphe" : "bpd,hde->bphe", change, w);
}
