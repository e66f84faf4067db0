import { scope, type Tensor, tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { checkOptions } from "../../core/options.ts";
import type { Rng } from "../../core/rng.ts";
import { getActName, type HookedModel, runWithCache, type Tokens } from "../../models/index.ts";
import { evaluateSweep } from "../patching/generic.ts";
import { axisLabels, axisSize, firingPoint } from "../patching/grid.ts";
import {
  type IndexAxis,
  indicesFromRanges,
  type Metric,
  type PatchFamily,
  type PatchOptions,
  type PatchResult,
  type PatchSetter,
} from "../patching/index.ts";
import { patchResult } from "../patching/result.ts";
import { sliceSetter } from "../patching/setters.ts";
import { type Sources, tokenArray } from "../patching/sweep.ts";
import { meanValues, otherExamples, resampledValues, zeroValues } from "./replacement.ts";

/** What is ablated one at a time; see `ablationUnits`. */
export type AblationUnit =
  | "heads"
  | "headsByPos"
  | "attns"
  | "attnsByPos"
  | "mlps"
  | "mlpsByPos"
  | "neurons"
  | "positions";

function unit(
  activation: string,
  axes: readonly IndexAxis[],
  at: readonly number[],
  places?: Pick<PatchSetter, "row" | "head">,
): Omit<PatchFamily, "name"> {
  return {
    activation,
    axes: ["layer", ...axes],
    setter: sliceSetter("ablationEffects", at, places),
  };
}

/** The activation of each unit and the axes of its table. */
const ablationUnits: { readonly [U in AblationUnit]: Omit<PatchFamily, "name"> } = {
  heads: unit("z", ["head"], [2]),
  headsByPos: unit("z", ["pos", "head"], [1, 2], { row: 1 }),
  attns: unit("attn_out", [], []),
  attnsByPos: unit("attn_out", ["pos"], [1], { row: 1 }),
  mlps: unit("mlp_out", [], []),
  mlpsByPos: unit("mlp_out", ["pos"], [1], { row: 1 }),
  neurons: unit("post", ["neuron"], [2]),
  positions: unit("resid_pre", ["pos"], [1], { row: 1 }),
};

/** What takes the place of the ablated activation. */
export type AblationKind =
  /** Zeros. */
  | { readonly kind: "zero" }
  /** The mean over the examples of `from` (default the batch), position by position or over them. */
  | { readonly kind: "mean"; readonly from?: Tokens; readonly overPositions?: boolean }
  /** That of another example of the batch, or of a random one of `from`. */
  | { readonly kind: "resample"; readonly rng: Rng; readonly from?: Tokens };

/** What is ablated, and what takes its place. */
export interface AblationEffectsOptions extends PatchOptions {
  readonly units: AblationUnit;
  readonly ablation: AblationKind;
}

/**
 * The metric with each unit ablated in turn, a table with the axes of the unit ("layer head" for
 * heads, "layer neuron" for neurons, "layer pos" for positions of the residual stream, …); its
 * `baseline` is the metric of the intact model.
 * @throws InputError when the configuration lacks the unit, or for resampling from a single example.
 */
export async function ablationEffects<C>(
  model: HookedModel<C>,
  tokens: Tokens,
  metric: Metric,
  given: AblationEffectsOptions,
): Promise<PatchResult> {
  checkOptions("ablationEffects", given, {
    units: true,
    ablation: true,
    backend: true,
    chunk: true,
    threads: true,
  });
  const { units, ablation, ...options } = given;
  const where = "ablationEffects";
  const input = await tokenArray(where, model, tokens);
  const { activation, axes, setter } = ablationUnits[units];
  const nameOf = (layer: number): string => getActName(activation, layer);
  const point = firingPoint(where, model, nameOf(0));
  const sizes = axes.map((axis) => axisSize(where, model, point, axis, input.shape[1] as number));
  const names = Array.from({ length: model.nLayers }, (_, layer) => nameOf(layer));
  const replacements = await replacementsOf(model, input, names, ablation);
  const sources: Sources = new Map(
    names.map((name, layer) => [layer, replacements.get(name) as Tensor]),
  );
  const sweep = { where, metric, setter, nameOf, indices: indicesFromRanges(sizes) };
  const evaluated = await evaluateSweep(model, input, sweep, sources, options);
  for (const replacement of replacements.values()) replacement.dispose();
  const labels = axes.map((axis, i) => axisLabels(axis, sizes[i] as number));
  return patchResult(evaluated, { axes, labels });
}

/** The replacement of each named activation, of its shape. */
async function replacementsOf<C>(
  model: HookedModel<C>,
  tokens: NdArray,
  names: readonly string[],
  ablation: AblationKind,
): Promise<ReadonlyMap<string, Tensor>> {
  const batch = tokens.shape[0] as number;
  const from =
    "from" in ablation && ablation.from !== undefined
      ? await dataset(model, ablation.from, tokens.shape[1] as number)
      : undefined;
  const read = from ?? tokens;
  const examples =
    ablation.kind !== "resample"
      ? []
      : from === undefined
        ? otherExamples(batch, ablation.rng)
        : ablation.rng.randint(0, from.shape[0] as number, batch);
  using inner = scope();
  const { cache } = runWithCache(model.model, model.weights, model.config, tensor(read), { names });
  const replace = (x: Tensor): Tensor => {
    if (ablation.kind === "zero") return zeroValues(x);
    if (ablation.kind === "resample") return resampledValues(x, examples);
    return meanValues(x, { batch, overPositions: ablation.overPositions ?? false });
  };
  return new Map([...cache].map(([name, x]) => [name, inner.keep(replace(x))]));
}

async function dataset<C>(model: HookedModel<C>, from: Tokens, length: number): Promise<NdArray> {
  const array = await tokenArray("ablationEffects", model, from);
  if (array.shape[1] === length) return array;
  throw new InputError(
    `ablationEffects: sequences to take activations from must have ${length} tokens, got ${array.shape[1]}`,
  );
}
