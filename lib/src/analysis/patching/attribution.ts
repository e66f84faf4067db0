import { scope, type Tensor, tensor, valueAndGrad, zeros } from "../../arrays/index.ts";
import { ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import {
  type ActivationCache,
  compose,
  getActName,
  type HookedModel,
  type Tokens,
} from "../../models/index.ts";
import type { ActPatch } from "./families.ts";
import type { PatchFamily } from "./generic.ts";
import { axisLabels, firingPoint } from "./grid.ts";
import { patchResult } from "./result.ts";
import { examplesOf, tokenArray } from "./sweep.ts";
import type { Metric, PatchResult } from "./types.ts";

/**
 * Attribution patching (Nanda 2023; Syed et al. 2023): for every index of each kind of patch the
 * first-order estimate of how much the exact patch changes the metric, (clean - corrupted) times the
 * metric's gradient in the corrupted run, from one forward and one backward pass for all of them:
 * `attributionPatching(model, corruptedTokens, cleanCache, metric, { z: getActPatchAttnHeadOutByPos })`.
 * `values` are changes of the metric, to compare with the exact values minus their baseline.
 * @throws as `genericActivationPatch`.
 */
export async function attributionPatching<C, const P extends { readonly [name: string]: ActPatch }>(
  model: HookedModel<C>,
  corruptedTokens: Tokens,
  cleanCache: ActivationCache,
  metric: Metric,
  patches: P,
): Promise<{ readonly [N in keyof P]: PatchResult }> {
  const where = "attributionPatching";
  const tokens = await tokenArray(where, model, corruptedTokens);
  const layers = Array.from({ length: model.nLayers }, (_, layer) => layer);
  const namesOf = (family: PatchFamily): string[] =>
    layers.map((layer) => firingPoint(where, model, getActName(family.activation, layer)).name);
  const names = new Set(Object.values(patches).flatMap(({ family }) => namesOf(family)));
  const { effects, metricOf } = gradientTimesChange(model, tokens, cleanCache, metric, names);
  const baseline = await readAll(metricOf);
  const examples = examplesOf(where, baseline.shape, tokens.shape[0] as number);
  const results = Object.entries(patches).map(async ([name, { family }]) => {
    const arrays = await Promise.all(
      namesOf(family).map((point) => {
        const { axes } = firingPoint(where, model, point);
        return summed(effects.get(point) as Tensor, axes.split(" "), family, examples).read();
      }),
    );
    return [name, resultOf(family, arrays, baseline, examples)] as const;
  });
  const entries = await Promise.all(results);
  for (const effect of effects.values()) effect.dispose();
  return Object.fromEntries(entries) as { [N in keyof P]: PatchResult };
}

async function readAll(x: Tensor): Promise<NdArray> {
  const array = await x.read();
  x.dispose();
  return array;
}

/** (clean - corrupted) times gradient of the summed metric at each of the points; and the metric. */
function gradientTimesChange<C>(
  model: HookedModel<C>,
  tokens: NdArray,
  cleanCache: ActivationCache,
  metric: Metric,
  names: ReadonlySet<string>,
): { readonly effects: ReadonlyMap<string, Tensor>; readonly metricOf: Tensor } {
  using inner = scope();
  const input = tensor(tokens);
  const { weights, config } = model;
  const offsets: Record<string, Tensor> = {};
  const shapes = (name: string, x: Tensor): Tensor => {
    if (names.has(name)) offsets[name] = zeros(x.shape);
    return x;
  };
  model.model.forward(weights, config, input, shapes);
  const measure = (added: { readonly [name: string]: Tensor }): [Tensor, unknown] => {
    const seen: Record<string, Tensor> = {};
    const add = (name: string, x: Tensor): Tensor => {
      const offset = added[name];
      return offset === undefined ? x : x.add(offset);
    };
    const keep = (name: string, x: Tensor): Tensor => {
      if (names.has(name)) seen[name] = x;
      return x;
    };
    const value = metric(model.model.forward(weights, config, input, compose(add, keep)));
    return [value.sum(), { seen, value }];
  };
  const [[, aux], gradients] = valueAndGrad(measure, { hasAux: true })(offsets);
  const { seen, value } = aux as { seen: Record<string, Tensor>; value: Tensor };
  const effects = new Map<string, Tensor>();
  for (const name of names) {
    const [clean, corrupted] = [cleanCache.get(name), seen[name] as Tensor];
    if (clean.shape.join() !== corrupted.shape.join()) {
      throw new ShapeError(
        `attributionPatching: clean activation "${name}"`,
        corrupted.shape,
        clean.shape,
      );
    }
    effects.set(name, clean.sub(corrupted).mul(gradients[name] as Tensor));
  }
  inner.keep([...effects.values(), value]);
  return { effects, metricOf: value };
}

/** Effects summed over the axes that an index does not have, in the order of the index. */
function summed(
  effect: Tensor,
  names: readonly string[],
  family: PatchFamily,
  examples: number | undefined,
): Tensor {
  const own = family.axes.slice(1).map((axis) => (axis === "neuron" ? "d_mlp" : axis));
  const kept = [...own, ...(examples === undefined ? [] : ["batch"])];
  const dropped = names.flatMap((name, i) => (kept.includes(name) ? [] : [i]));
  const rest = names.filter((name) => kept.includes(name));
  return effect.sum(dropped).transpose(kept.map((name) => rest.indexOf(name)));
}

function resultOf(
  { axes }: PatchFamily,
  arrays: readonly NdArray[],
  baseline: NdArray,
  examples: number | undefined,
): PatchResult {
  const values = Float64Array.from(arrays.flatMap(({ data }) => [...data]));
  const sizes = [arrays.length, ...(arrays[0] as NdArray).shape];
  const labels = axes.map((axis, i) => axisLabels(axis, sizes[i] as number));
  const numbers = { values, baseline: Float64Array.from(baseline.data), examples };
  return patchResult(numbers, { axes, labels });
}

/** How well an estimate agrees with exact patching. */
export interface Faithfulness {
  /** Pearson correlation over indices; undefined when either is the same everywhere. */
  readonly correlation: number | undefined;
  /** Largest absolute difference of estimated and exact change, in the metric's unit. */
  readonly largestDifference: number;
  /** The index of that difference in `values`. */
  readonly at: number;
}

/**
 * Compare estimates of `attributionPatching` with the exact patches of the same kind.
 * @throws ShapeError when their shapes differ.
 */
export function attributionFaithfulness(estimate: PatchResult, exact: PatchResult): Faithfulness {
  const [a, b] = [estimate.values, exact.values];
  if (a.shape.join() !== b.shape.join()) {
    throw new ShapeError("attributionFaithfulness: exact values", a.shape, b.shape);
  }
  const x = Float64Array.from(a.data);
  const y = Float64Array.from(b.data, (value) => value - exact.baseline);
  const differences = x.map((value, i) => Math.abs(value - (y[i] as number)));
  const largestDifference = Math.max(...differences);
  return {
    correlation: pearson(x, y),
    largestDifference,
    at: differences.indexOf(largestDifference),
  };
}

function pearson(x: Float64Array, y: Float64Array): number | undefined {
  const centered = (values: Float64Array): Float64Array => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [a, b] = [centered(x), centered(y)];
  const dot = (u: Float64Array, v: Float64Array): number =>
    u.reduce((sum, value, i) => sum + value * (v[i] as number), 0);
  const scale = Math.sqrt(dot(a, a) * dot(b, b));
  return scale > 0 ? dot(a, b) / scale : undefined;
}
