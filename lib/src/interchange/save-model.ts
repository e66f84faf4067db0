/** Models in memory to bytes and back. */

import { InputError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { createModel, type HookedModel, type Model } from "../models/index.ts";
import { fitWeights, type ModelFile } from "./model-file.ts";
import {
  type ModelFormat,
  type ReadModelOptions,
  readModel,
  readModelNames,
} from "./read-model.ts";
import { writeModel } from "./write-model.ts";

/** How to write a model. */
export interface SaveOptions {
  /** Default "safetensors". */
  readonly format?: ModelFormat;
}

/** A model as plain data. */
export async function fileOf<C>(hooked: HookedModel<C>): Promise<ModelFile> {
  const { model, config, processed } = hooked;
  const weights = fitWeights("saveModel", model, config, await hooked.stateDict());
  return { model, config, weights, processed, assumed: {} } satisfies ModelFile<C> as ModelFile;
}

/**
 * The bytes of a file with the model's weights under TransformerLens's names, its configuration and
 * the passes of weight processing it went through; see `writeModel` for what Python finds in it.
 */
export async function saveModel<C>(
  hooked: HookedModel<C>,
  options: SaveOptions = {},
): Promise<Uint8Array> {
  checkOptions("saveModel", options, { format: true });
  const { format = "safetensors" } = options;
  return writeModel(await fileOf(hooked), format);
}

const loadModelNames: OptionNames<ReadModelOptions & { readonly kind?: Model<unknown> }> = {
  ...readModelNames,
  kind: true,
};

/**
 * The model in a file that `saveModel`, `torch.save` or safetensors wrote, ready to run. With `kind`
 * (e.g. `hookedTransformer`) the result has that model's type. Errors: see `readModel`.
 */
export async function loadModel<C>(
  bytes: Uint8Array,
  options: ReadModelOptions & { readonly kind: Model<C> },
): Promise<HookedModel<C>>;
export async function loadModel(
  bytes: Uint8Array,
  options?: ReadModelOptions,
): Promise<HookedModel<unknown>>;
export async function loadModel(
  bytes: Uint8Array,
  options: ReadModelOptions & { readonly kind?: Model<unknown> } = {},
): Promise<HookedModel<unknown>> {
  checkOptions("loadModel", options, loadModelNames);
  const { kind, ...rest } = options;
  const { model, config, weights, processed } = readModel(bytes, rest);
  if (kind !== undefined && model.name !== kind.name) {
    throw new InputError(`loadModel: expected a ${kind.name}, the file holds a ${model.name}`);
  }
  return createModel(model, config, { weights, processed });
}
