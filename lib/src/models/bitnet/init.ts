import { type NdArray, nd } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";
import { linearBiasInit, linearInit } from "../../rng/index.ts";
import { hookedTransformer } from "../hooked-transformer/index.ts";
import type { WeightArrays } from "../model.ts";
import type { BitNetConfig } from "./config.ts";

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

/** "out in" of `nn.Linear` as "in out". */
function transposed({ shape, data }: NdArray): NdArray {
  const [dOut, dIn] = shape as [number, number];
  const turned = Float32Array.from(
    { length: dOut * dIn },
    (_, i) => data[(i % dOut) * dIn + Math.floor(i / dOut)] ?? 0,
  );
  return nd("float32", [dIn, dOut], turned);
}

/** "d_model (head d_head)" as "head d_model d_head". */
function byHead({ shape, data }: NdArray, head: number): NdArray {
  const [dModel, width] = shape as [number, number];
  const dHead = width / head;
  const cut = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [d, column] = [Math.floor(i / width), i % width];
    const [h, e] = [Math.floor(column / dHead), column % dHead];
    cut[(h * dModel + d) * dHead + e] = data[i] ?? 0;
  }
  return nd("float32", [head, dModel, dHead], cut);
}
