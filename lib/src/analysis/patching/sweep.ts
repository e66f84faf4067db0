/** Many changes of one forward pass, one after the other: the oracle of `compiled.ts`. */

import { scope, Tensor, tensor } from "../../arrays/index.ts";
import { ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { type HookedModel, runWithHooks, type Tokens } from "../../models/index.ts";
import { axisSize, indexArray } from "../../models/tokens.ts";
import type { Metric, PatchSetter } from "./types.ts";

/** What is changed: for each index (layer, …) the point of that layer, by the setter. */
export interface Sweep {
  /** Name of the public function, for messages. */
  readonly where: string;
  readonly metric: Metric;
  readonly setter: PatchSetter;
  /** Full name of the hook point of a layer. */
  readonly nameOf: (layer: number) => string;
  readonly indices: readonly (readonly number[])[];
}

/** What the setter takes its slices from, for each layer that an index names. */
export type Sources = ReadonlyMap<number, Tensor>;

/** The metric as float64 numbers: of each example, or one number when `examples` is undefined. */
export interface Evaluated {
  /** "index example", or "index". */
  readonly values: Float64Array;
  /** "example", or one number. */
  readonly baseline: Float64Array;
  readonly examples: number | undefined;
}

/** int32 tokens "batch pos". @throws InputError for ids outside the vocabulary. */
export async function tokenArray<C>(
  where: string,
  model: HookedModel<C>,
  tokens: Tokens,
): Promise<NdArray> {
  const parameters = model.model.parameters(model.config);
  const vocabulary = axisSize(parameters, "d_vocab") ?? Number.POSITIVE_INFINITY;
  const given = tokens instanceof Tensor ? await tokens.read() : tokens;
  const array = indexArray(where, "tokens", given, vocabulary, model.model.reads);
  const shape = array.shape.length === 1 ? [1, array.shape[0] as number] : array.shape;
  if (shape.length !== 2) throw new ShapeError(`${where}: tokens "batch pos"`, [-1, -1], shape);
  return { ...array, shape };
}

/** The metric's number of examples. @throws ShapeError unless it has the shape [] or [batch]. */
export function examplesOf(
  where: string,
  shape: readonly number[],
  batch: number,
): number | undefined {
  if (shape.length === 0) return undefined;
  if (shape.length === 1 && shape[0] === batch) return batch;
  throw new ShapeError(
    `${where}: the metric must be one number or one per example`,
    [batch],
    shape,
  );
}

/** One forward pass for each index. */
export async function evaluateEagerly<C>(
  model: HookedModel<C>,
  tokens: NdArray,
  sweep: Sweep,
  sources: Sources,
): Promise<Evaluated> {
  const { where, metric, setter, nameOf } = sweep;
  const batch = tokens.shape[0] as number;
  const run = async (index?: readonly number[]): Promise<NdArray> => {
    const value = measured(() => {
      const input = tensor(tokens);
      const layer = index?.[0] as number;
      const source = sources.get(layer) as Tensor;
      const logits = runWithHooks(
        model.model,
        model.weights,
        model.config,
        input,
        index === undefined ? [] : [[nameOf(layer), (x) => setter(x, index, source)]],
      );
      return metric(logits);
    });
    examplesOf(where, value.shape, batch);
    const array = await value.read();
    value.dispose();
    return array;
  };
  const baseline = await run();
  const rows: number[] = [];
  for (const index of sweep.indices) rows.push(...(await run(index)).data);
  return {
    values: Float64Array.from(rows),
    baseline: Float64Array.from(baseline.data),
    examples: examplesOf(where, baseline.shape, batch),
  };
}

/** The tensor that `f` returns; everything else that it makes is freed. */
function measured(f: () => Tensor): Tensor {
  using inner = scope();
  return inner.keep(f());
}
