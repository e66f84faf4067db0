import { type NdArray, nd } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";
import { linearBiasInit, linearInit } from "../../rng/index.ts";
import { hookedTransformer } from "../hooked-transformer/index.ts";
import type { WeightArrays } from "../model.ts";
import type { BitNetConfig } from "./config.ts";
import { byHead, transposed } from "./layout.ts";

/**
 * Initial weights, float32, drawn as PyTorch builds the modules: embedding N(0, 1), then per layer
 * query, key, value and output matrices and the two of the MLP, then the unembedding, each
 * `nn.Linear`'s uniform ±1/sqrt(inputs). The norm's weights are ones.
 */
export function init(c: BitNetConfig, rng: Rng): WeightArrays {
  const linear = (dOut: number, dIn: number): NdArray => transposed(linearInit(rng, dOut, dIn));
  const weights: Record<string, NdArray> = {
    "embed.W_E": nd("float32", [c.dVocab, c.dModel], rng.normal(c.dVocab * c.dModel)),
  };
  for (let layer = 0; layer < c.nLayers; layer++) {
    const name = `blocks.${layer}`;
    for (const letter of ["Q", "K", "V"]) {
      weights[`${name}.attn.W_${letter}`] = byHead(linear(c.dModel, c.dModel), c.nHeads);
    }
    const out = linear(c.dModel, c.dModel);
    weights[`${name}.attn.W_O`] = {
      ...out,
      shape: [c.nHeads, c.dModel / c.nHeads, c.dModel],
    };
    weights[`${name}.mlp.W_in`] = linear(c.dMlp, c.dModel);
    weights[`${name}.mlp.W_out`] = linear(c.dModel, c.dMlp);
  }
  weights["ln_final.w"] = nd("float32", [c.dModel], new Float32Array(c.dModel).fill(1));
  weights["unembed.W_U"] = linear(c.dVocabOut, c.dModel);
  return weights;
}

/**
 * Initial weights in the random stream of Li's notebook (arXiv 2405.17703): before the model, the
 * notebook draws a HookedTransformer of the same sizes that it never trains, and importing its
 * `bitnet` package draws randn(16, 10) and a Linear(10, 20) with bias.
 * @param rng a generator just seeded with the notebook's 999
 */
export function notebookInit(c: BitNetConfig, rng: Rng): WeightArrays {
  const unused = hookedTransformer.config.parse({
    nLayers: 1,
    nHeads: c.nHeads,
    dModel: c.dModel,
    dHead: c.dModel / c.nHeads,
    dMlp: c.dMlp,
    normalizationType: null,
    dVocab: c.dVocab,
    dVocabOut: c.dVocabOut,
    nCtx: 3,
    initOrder: "pre-1.13",
  });
  hookedTransformer.init(unused, rng);
  rng.normal(16 * 10);
  linearInit(rng, 20, 10);
  linearBiasInit(rng, 20, 10);
  return init(c, rng);
}
