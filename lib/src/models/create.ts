/** The models under the names that users of TransformerLens and BitNet know. */

import { type BitNetConfig, type BitNetOptions, bitNetTransformer } from "./bitnet/index.ts";
import { createModel, type HookedModel, type WeightSource } from "./hooked-model.ts";
import {
  type HookedTransformerConfig,
  type HookedTransformerOptions,
  hookedTransformer,
} from "./hooked-transformer/index.ts";

/**
 * `const model = await HookedTransformer.create({ nLayers: 1, dModel: 128, dHead: 32, nCtx: 3,
 * dVocab: 114 }, { seed: 999 })`. Default `{ seed: 0 }`. Errors: see `createModel`.
 */
export const HookedTransformer = {
  create(
    options: HookedTransformerOptions,
    source?: WeightSource,
  ): Promise<HookedModel<HookedTransformerConfig>> {
    return createModel(hookedTransformer, options, source);
  },
};

/** `const model = await BitNetTransformer.create({ dVocab: 114, dVocabOut: 113 }, { seed: 0 })`. */
export const BitNetTransformer = {
  create(options: BitNetOptions, source?: WeightSource): Promise<HookedModel<BitNetConfig>> {
    return createModel(bitNetTransformer, options, source);
  },
};
