/** What the passes share: weights made complete, axes by name, a new model of new weights. */

import { swapaxes, type Tensor, zeros } from "../../arrays/index.ts";
import { HookedModel } from "../hooked-model.ts";
import type { HookedTransformerConfig } from "../hooked-transformer/index.ts";
import type { Weights } from "../model.ts";
import type { WeightPass } from "./passes.ts";

/** The models whose weights can be processed. */
export type TransformerModel = HookedModel<HookedTransformerConfig>;

/** Weights under change: every parameter is there, with its axes by name. */
export interface Draft {
  readonly weights: Map<string, Tensor>;
  readonly axes: ReadonlyMap<string, readonly string[]>;
}

/** The weight of that name, which the configuration has. */
export function read(draft: Draft, name: string): Tensor {
  return draft.weights.get(name) as Tensor;
}

/** Position of a named axis in the weight of that name. */
export function axisIn(draft: Draft, name: string, axis: string): number {
  return (draft.axes.get(name) ?? []).indexOf(axis);
}

/** The model without tied weights, every absent bias written out as zeros. */
export function draftOf(model: TransformerModel): {
  readonly draft: Draft;
  readonly config: HookedTransformerConfig;
} {
  const config = { ...model.config, tieWordEmbeddings: false };
  const parameters = model.model.parameters(config);
  const given: Weights = model.config.tieWordEmbeddings
    ? { ...model.weights, "unembed.W_U": swapaxes(model.weights["embed.W_E"] as Tensor, 0, 1) }
    : model.weights;
  const weights = new Map(
    parameters.map(({ name, shape }) => [name, given[name] ?? zeros(shape)] as const),
  );
  const axes = new Map(parameters.map(({ name, axes }) => [name, axes.split(" ")] as const));
  return { draft: { weights, axes }, config };
}

/** The model of the drafted weights, without those that the new configuration has not. */
export function finish(
  model: TransformerModel,
  config: HookedTransformerConfig,
  draft: Draft,
  pass: WeightPass,
): TransformerModel {
  const names = model.model.parameters(config).map(({ name }) => name);
  const weights = Object.fromEntries(names.map((name) => [name, read(draft, name)]));
  return new HookedModel(model.model, config, weights, [...model.processed, pass]);
}

/** Subtract the mean over a named axis. */
export function center(draft: Draft, name: string, axis: string): void {
  const x = read(draft, name);
  draft.weights.set(name, x.sub(x.mean(axisIn(draft, name, axis), { keepdims: true })));
}

/** Names of the parts of every layer, e.g. `blocks.0.attn.W_Q` for "attn.W_Q". */
export function inLayers(config: HookedTransformerConfig, parts: readonly string[]): string[] {
  return Array.from({ length: config.nLayers }, (_, l) => l).flatMap((l) =>
    parts.map((part) => `blocks.${l}.${part}`),
  );
}
