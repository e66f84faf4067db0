/** Where the weights of a model come from, and whether they are its own. */

import { tensor } from "../arrays/index.ts";
import { InputError, ShapeError, UnknownNameError } from "../core/errors.ts";
import { requireFloats } from "../core/float32.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import type { Rng } from "../core/rng.ts";
import { shown } from "../core/text.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { Model, Parameter, Tied, WeightArrays, Weights } from "./model.ts";
import { parsePasses, type WeightPass } from "./weight-processing/passes.ts";

/**
 * Where the weights come from: the seed of PyTorch's generator, a generator, or numbers, with the
 * passes of weight processing that they have been through (default none).
 */
export type WeightSource =
  | { readonly seed: number }
  | { readonly rng: Rng }
  | { readonly weights: WeightArrays; readonly processed?: readonly WeightPass[] };

const sourceNames: OptionNames<WeightSource> = {
  seed: true,
  rng: true,
  weights: true,
  processed: true,
};

/** @throws InputError unless exactly one source is given, and a seed is a whole number. */
export function checkSource(where: string, source: WeightSource): void {
  checkOptions<WeightSource>(where, source, sourceNames);
  const given = ["seed", "rng", "weights"].filter((name) => name in source);
  if (given.length !== 1) {
    throw new InputError(
      `${where}: weights come from one of seed, rng and weights, got ${given.join(" and ") || "none"}`,
    );
  }
  if ("seed" in source && !Number.isSafeInteger(source.seed)) {
    throw new InputError(`${where}: seed must be a whole number, got ${shown(source.seed)}`);
  }
  if ("rng" in source && typeof source.rng?.normal !== "function") {
    throw new InputError(
      `${where}: rng must be a generator such as TorchGenerator, got ${shown(source.rng)}`,
    );
  }
  if (!("weights" in source)) return;
  if (typeof source.weights !== "object" || source.weights === null) {
    throw new InputError(
      `${where}: weights must be an object of arrays by name, got ${shown(source.weights)}`,
    );
  }
  if (source.processed !== undefined) parsePasses(where, source.processed);
}

/** Buffers of TransformerLens's state dicts that are no weights. */
const buffers = /\.attn\.(mask|IGNORE|rotary_sin|rotary_cos)$/;

/** The weights of a model from their source, on the device. */
export function tensorsOf<C>(model: Model<C>, config: C, source: WeightSource): Weights {
  const parameters = model.parameters(config);
  const arrays =
    "weights" in source
      ? checkWeights(model.name, parameters, source.weights, model.tied?.(config))
      : model.init(config, "seed" in source ? new TorchGenerator(source.seed) : source.rng);
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, tensor(array)]));
}

/**
 * The weights without the buffers of TransformerLens and without those that are tied to others;
 * throws for those that are not a model's.
 */
export function checkWeights(
  where: string,
  parameters: readonly Parameter[],
  weights: WeightArrays,
  tied: readonly Tied[] = [],
): WeightArrays {
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const dropped = new Set(tied.map(({ name }) => name));
  for (const one of tied) checkTied(where, one, weights);
  const kept = Object.entries(weights).filter(
    ([name]) => !buffers.test(name) && !dropped.has(name),
  );
  for (const [name, array] of kept) {
    const wanted = shapes.get(name);
    if (wanted === undefined) throw new UnknownNameError(where, "weight", name, [...shapes.keys()]);
    if (!Array.isArray(array?.shape)) {
      throw new InputError(`${where}: weight "${name}" must be an NdArray, got ${shown(array)}`);
    }
    const { dtype, shape } = array;
    if (wanted.join() !== shape.join()) throw new ShapeError(`${where}: ${name}`, wanted, shape);
    requireFloats(`${where}: ${name}`, dtype);
  }
  const missing = parameters.find(
    ({ name }) => weights[name] === undefined && !/(^|\.)b(_\w+)?$/.test(name),
  );
  if (missing !== undefined) throw new InputError(`${where}: weight "${missing.name}" is missing`);
  return Object.fromEntries(kept);
}

/** @throws InputError when both weights are given and one is not the transpose of the other. */
function checkTied(where: string, { name, transposeOf }: Tied, weights: WeightArrays): void {
  const [own, other] = [weights[name], weights[transposeOf]];
  if (own === undefined || other === undefined) return;
  const [rows = 0, columns = 0] = own.shape;
  const same =
    other.shape.join() === `${columns},${rows}` &&
    own.data.every((x, i) => x === other.data[(i % columns) * rows + Math.floor(i / columns)]);
  if (same) return;
  throw new InputError(
    `${where}: weight "${name}" must be the transpose of "${transposeOf}", got other numbers; leave one out`,
  );
}
