/** A model as plain data: what files hold. */

import { weightsAsFloat32 } from "../core/float32.ts";
import { type NdArray, nd } from "../core/nd.ts";
import type { Model, WeightArrays } from "../models/index.ts";
import type { WeightPass } from "../models/weight-processing/passes.ts";
import { checkWeights } from "../models/weight-source.ts";

/** A model with its weights as numbers. */
export interface ModelFile<C = unknown> {
  readonly model: Model<C>;
  readonly config: C;
  /** float32, every parameter of the model, without weights that are tied to others. */
  readonly weights: WeightArrays;
  /** The passes of weight processing that the file says made these weights, in order. */
  readonly processed: readonly WeightPass[];
  /** Updates done, where the file is a checkpoint of a run, which says so. */
  readonly step?: number;
  /** Fields of the configuration that neither the file nor the caller gave, taken as usual. */
  readonly assumed: { readonly [field: string]: unknown };
  /**
   * What the file says otherwise than the configuration, where the configuration wins, and weights that
   * are not finite numbers.
   */
  readonly warnings?: readonly string[];
}

/**
 * The weights of a model in its own order, as float32, absent biases as zeros. Throws `InputError`,
 * `ShapeError` or `UnknownNameError` for weights that are not this model's.
 */
export function fitWeights<C>(
  where: string,
  model: Model<C>,
  config: C,
  given: WeightArrays,
): WeightArrays {
  const parameters = model.parameters(config);
  const weights = checkWeights(where, parameters, given, model.tied?.(config));
  const entries = parameters.map(({ name, shape }) => {
    const array = weights[name];
    const length = shape.reduce((product, size) => product * size, 1);
    const whole = array ?? nd("float32", shape, new Float32Array(length));
    return [name, weightsAsFloat32(`${where}: ${name}`, whole)] as const;
  });
  return Object.fromEntries(entries);
}

/** At most one sentence: how many weights are NaN or infinite, and where. */
export function notFinite(where: string, weights: WeightArrays): readonly string[] {
  const found = Object.entries(weights).flatMap(([name, { data }]) => {
    let count = 0;
    for (const x of data) if (!Number.isFinite(x)) count++;
    return count === 0 ? [] : [{ name, count }];
  });
  if (found.length === 0) return [];
  const total = found.reduce((sum, { count }) => sum + count, 0);
  const names = found.slice(0, 3).map(({ name }) => name);
  const more = found.length > 3 ? ` and ${found.length - 3} more` : "";
  const numbers = total === 1 ? "1 number is" : `${total} numbers are`;
  return [`${where}: ${numbers} NaN or infinite, in ${names.join(", ")}${more}`];
}

/** Every weight of TransformerLens's state dict: those of the model, and tied ones for themselves. */
export function withTied<C>({ model, config, weights }: ModelFile<C>): WeightArrays {
  const tied = model.tied?.(config) ?? [];
  const copies = tied.map(({ name, transposeOf }) => [
    name,
    transposed(weights[transposeOf] as NdArray),
  ]);
  return { ...weights, ...Object.fromEntries(copies) };
}

function transposed({ dtype, shape, data }: NdArray): NdArray {
  const [rows = 0, columns = 0] = shape;
  const turned = Array.from(
    { length: data.length },
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] as number,
  );
  return nd(dtype, [columns, rows], turned);
}
