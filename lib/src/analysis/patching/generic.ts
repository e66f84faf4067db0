import type { Tensor } from "../../arrays/index.ts";
import type { Backend } from "../../compile/backend.ts";
import { InputError, ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { checkOptions } from "../../core/options.ts";
import {
  type ActivationCache,
  getActName,
  type HookedModel,
  type PointRow,
  type Tokens,
} from "../../models/index.ts";
import { type CompiledSweep, compileSweep, type SourceArrays } from "./compiled.ts";
import { axisLabels, axisSize, firingPoint, indicesFromRanges } from "./grid.ts";
import { type Layout, patchResult } from "./result.ts";
import { type Evaluated, evaluateEagerly, type Sources, type Sweep, tokenArray } from "./sweep.ts";
import type { IndexAxis, Metric, PatchOptions, PatchResult, PatchSetter } from "./types.ts";

/** What one family of patches changes. */
export interface PatchFamily {
  /** Name of the public function, for messages. */
  readonly name: string;
  readonly setter: PatchSetter;
  /** Short name of the activation, as for `getActName`: "resid_pre", "z", "pattern". */
  readonly activation: string;
  /** The axes of the index; the first is "layer". */
  readonly axes: readonly IndexAxis[];
}

/** Which indices are patched, and how. */
export interface GenericPatchOptions extends PatchOptions {
  /** Only these indices (layer, …), in this order; the result then has the single axis "index". */
  readonly indices?: readonly (readonly number[])[];
}

/**
 * For every index: the metric of the corrupted run with one slice of one activation replaced by
 * that of the clean run (TransformerLens's `generic_activation_patch`).
 *
 * @param corruptedTokens int32 "batch pos"
 * @param cleanCache the clean run, with tokens of the same shape
 * @param metric of logits "batch pos d_vocab_out": one number or one per example
 * @param setter puts the slice of the clean activation into the corrupted one
 * @param activationName short name, e.g. "resid_pre"
 * @param indexAxisNames the axes of the index and of the result, "layer" first
 * @throws InputError when the configuration has no such point or axis, ShapeError when the clean
 * activations have another shape.
 */
export function genericActivationPatch<C>(
  model: HookedModel<C>,
  corruptedTokens: Tokens,
  cleanCache: ActivationCache,
  metric: Metric,
  setter: PatchSetter,
  activationName: string,
  indexAxisNames: readonly IndexAxis[],
  options: GenericPatchOptions = {},
): Promise<PatchResult> {
  checkOptions("genericActivationPatch", options, {
    indices: true,
    backend: true,
    chunk: true,
    threads: true,
  });
  const family = {
    name: "genericActivationPatch",
    setter,
    activation: activationName,
    axes: indexAxisNames,
  };
  return patchFamily(model, corruptedTokens, cleanCache, metric, family, options);
}

/** `genericActivationPatch` for a family. */
export async function patchFamily<C>(
  model: HookedModel<C>,
  corruptedTokens: Tokens,
  cleanCache: ActivationCache,
  metric: Metric,
  family: PatchFamily,
  options: GenericPatchOptions = {},
): Promise<PatchResult> {
  const tokens = await tokenArray(family.name, model, corruptedTokens);
  const { sweep, layout } = planOf(model, family, metric, tokens.shape, options.indices);
  const sources = sourcesOf(model, sweep, cleanCache, tokens.shape);
  const evaluated = await evaluateSweep(model, tokens, sweep, sources, options);
  return patchResult(evaluated, layout);
}

/** Compiled with a back end, else one forward pass per index. */
export async function evaluateSweep<C>(
  model: HookedModel<C>,
  tokens: NdArray,
  sweep: Sweep,
  sources: Sources,
  { backend, chunk, threads }: PatchOptions,
): Promise<Evaluated> {
  if (backend === undefined) return evaluateEagerly(model, tokens, sweep, sources);
  const arrays = await readSources(sources);
  const settings = { backend, chunk, threads, tokens, sources: arrays };
  const compiled = await compileSweep(model, sweep, settings);
  try {
    return await compiled.evaluate(tokens, arrays);
  } finally {
    await compiled.release();
  }
}

/** A family compiled for tokens of one shape, for as many pairs of prompts as you like. */
export interface CompiledPatch {
  /** The patched metrics of tokens and a clean run of the shape it was compiled for. */
  run(corruptedTokens: Tokens, cleanCache: ActivationCache): Promise<PatchResult>;
  release(): Promise<void>;
}

/** For which tokens and back end patches are compiled. */
export interface CompilePatchOptions {
  readonly backend: Backend;
  /** Shape of the tokens, "batch pos". */
  readonly shape: readonly [batch: number, pos: number];
  readonly chunk?: number;
  readonly threads?: number;
}

/** Compile a family once; errors as for `genericActivationPatch`. */
export async function compilePatchFamily<C>(
  model: HookedModel<C>,
  metric: Metric,
  family: PatchFamily,
  { backend, shape, chunk, threads }: CompilePatchOptions,
): Promise<CompiledPatch> {
  const { sweep, layout, point } = planOf(model, family, metric, shape);
  const source = { dtype: "float32", shape: sizesOf(point, shape) } as const;
  const layers = [...new Set(sweep.indices.map(([layer]) => layer as number))];
  const compiled: CompiledSweep = await compileSweep(model, sweep, {
    backend,
    chunk,
    threads,
    tokens: { dtype: "int32", shape },
    sources: new Map(layers.map((layer) => [layer, source])),
  });
  return {
    async run(corruptedTokens, cleanCache) {
      const tokens = await tokenArray(family.name, model, corruptedTokens);
      if (tokens.shape.join() !== shape.join()) {
        throw new ShapeError(`${family.name}: tokens "batch pos"`, shape, tokens.shape);
      }
      const sources = sourcesOf(model, sweep, cleanCache, shape);
      return patchResult(await compiled.evaluate(tokens, await readSources(sources)), layout);
    },
    release: () => compiled.release(),
  };
}

interface Plan {
  readonly sweep: Sweep;
  readonly layout: Layout;
  /** The point of layer 0; those of other layers differ in the name alone. */
  readonly point: PointRow;
}

function planOf<C>(
  model: HookedModel<C>,
  { name: where, setter, activation, axes }: PatchFamily,
  metric: Metric,
  shape: readonly number[],
  chosen?: readonly (readonly number[])[],
): Plan {
  const nameOf = (layer: number): string => getActName(activation, layer);
  if (axes[0] !== "layer") {
    throw new InputError(`${where}: the first axis must be "layer", got "${axes[0]}"`);
  }
  const point = firingPoint(where, model, nameOf(0));
  const sizes = axes.map((axis) => axisSize(where, model, point, axis, shape[1] as number));
  const sweep = { where, metric, setter, nameOf };
  if (chosen === undefined) {
    const labels = axes.map((axis, i) => axisLabels(axis, sizes[i] as number));
    return {
      sweep: { ...sweep, indices: indicesFromRanges(sizes) },
      layout: { axes, labels },
      point,
    };
  }
  checkIndices(where, chosen, axes, sizes);
  const words = chosen.map((index) => `(${index.join(", ")})`);
  return {
    sweep: { ...sweep, indices: chosen },
    layout: { axes: ["index"], labels: [words] },
    point,
  };
}

function checkIndices(
  where: string,
  indices: readonly (readonly number[])[],
  axes: readonly string[],
  sizes: readonly number[],
): void {
  if (indices.length === 0) throw new InputError(`${where}: indices must hold at least one index`);
  const fits = (index: readonly number[]): boolean =>
    index.length === sizes.length &&
    index.every((i, k) => Number.isInteger(i) && i >= 0 && i < (sizes[k] as number));
  const wrong = indices.find((index) => !fits(index));
  if (wrong === undefined) return;
  throw new InputError(
    `${where}: an index (${axes.join(", ")}) must lie below (${sizes.join(", ")}), got (${wrong.join(", ")})`,
  );
}

function sizesOf(point: PointRow, [batch, pos]: readonly number[]): number[] {
  return point.shape.map(
    (size) =>
      (size === "batch"
        ? batch
        : size === "pos" || typeof size === "string"
          ? pos
          : size) as number,
  );
}

/** The clean activation of each layer that the indices name. */
function sourcesOf<C>(
  model: HookedModel<C>,
  { where, nameOf, indices }: Sweep,
  cache: ActivationCache,
  shape: readonly number[],
): Sources {
  const sources = new Map<number, Tensor>();
  for (const layer of new Set(indices.map(([first]) => first as number))) {
    const name = nameOf(layer);
    const value = cache.get(name);
    const wanted = sizesOf(firingPoint(where, model, name), shape);
    if (value.shape.join() !== wanted.join()) {
      throw new ShapeError(`${where}: clean activation "${name}"`, wanted, value.shape);
    }
    sources.set(layer, value);
  }
  return sources;
}

async function readSources(sources: Sources): Promise<SourceArrays> {
  const entries = [...sources].map(async ([layer, value]) => [layer, await value.read()] as const);
  return new Map(await Promise.all(entries));
}
