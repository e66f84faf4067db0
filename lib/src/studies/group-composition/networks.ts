/** The kinds of network, and where each keeps what the analysis reads. */

import { matmul, rows } from "../../analysis/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import {
  type BilinearConfig,
  bilinear,
  bilinearConfig,
  type HookedTransformerConfig,
  hookedTransformer,
  hookedTransformerConfig,
  type Model,
  type OneLayerMlpConfig,
  oneLayerMlp,
  oneLayerMlpConfig,
  type WeightArrays,
} from "../../models/index.ts";
import type { GroupCompositionParams } from "./params.ts";

export type NetworkName = GroupCompositionParams["model"];

/** What of the parameters a network's sizes depend on. */
export type NetworkSizes = Pick<
  GroupCompositionParams,
  "dEmbed" | "dMlp" | "bias" | "dModel" | "nHeads"
>;

export interface Network<C> {
  readonly model: Model<C>;
  /** "network with one hidden layer": what it is, for a sentence. */
  readonly what: string;
  /** Hook point of the hidden layer, "batch neuron" or "batch pos neuron" (the last position counts). */
  readonly hidden: string;
  /** Names of the weights that are drawn in the report, with words for what they are. */
  readonly drawn: readonly (readonly [name: string, title: string])[];
  /** Whether the published code adds up its squared weights (it looks for parameters of other names). */
  readonly sumsSquaredWeights: boolean;
  config(sizes: NetworkSizes, order: number): C;
  /** Weights that are not trained. */
  frozen(config: C): readonly string[];
  /** The embeddings of the elements as first and second of a pair, "element column". */
  embeddings(weights: WeightArrays, order: number): readonly [NdArray, NdArray];
  /** The weights with other embeddings. */
  withEmbeddings(weights: WeightArrays, embeddings: readonly [NdArray, NdArray]): WeightArrays;
  /** What each element adds to the hidden layer, or its embedding where attention lies between. */
  folded(weights: WeightArrays, order: number): readonly [NdArray, NdArray];
  /** From the hidden layer to the logits, "neuron c". */
  unembed(weights: WeightArrays): NdArray;
}

/** A weight that the model must have. */
export function pick(weights: WeightArrays, name: string): NdArray {
  const array = weights[name];
  if (array === undefined) throw new Error(`group-composition: the model has no weight ${name}`);
  return array;
}

const pair = {
  embeddings: (weights: WeightArrays): readonly [NdArray, NdArray] => [
    pick(weights, "embed.W_E_a"),
    pick(weights, "embed.W_E_b"),
  ],
  withEmbeddings: (weights: WeightArrays, [a, b]: readonly [NdArray, NdArray]): WeightArrays => ({
    ...weights,
    "embed.W_E_a": toFloat32(a),
    "embed.W_E_b": toFloat32(b),
  }),
  sumsSquaredWeights: true,
  frozen: (): readonly string[] => [],
};

const mlp: Network<OneLayerMlpConfig> = {
  ...pair,
  model: oneLayerMlp,
  what: "network with one hidden layer",
  hidden: "mlp.hook_post",
  drawn: [
    ["embed.W_E_a", "embedding of a"],
    ["embed.W_E_b", "embedding of b"],
    ["mlp.W_in", "from both embeddings to the neurons"],
    ["unembed.W_U", "from the neurons to the answers"],
  ],
  config: ({ dEmbed, dMlp, bias }, order) =>
    oneLayerMlpConfig.parse({ dVocab: order, dEmbed, dMlp: dMlp ?? 128, bias }),
  folded(weights) {
    const W_in = pick(weights, "mlp.W_in");
    const [a, b] = pair.embeddings(weights);
    const half = a.shape[1] as number;
    return [
      matmul(a, rows("mlp.W_in", W_in, 0, half)),
      matmul(b, rows("mlp.W_in", W_in, half, 2 * half)),
    ];
  },
  unembed: (weights) => pick(weights, "unembed.W_U"),
};

const product: Network<BilinearConfig> = {
  ...pair,
  model: bilinear,
  what: "bilinear network",
  hidden: "hook_product",
  drawn: [
    ["embed.W_E_a", "embedding of a"],
    ["embed.W_E_b", "embedding of b"],
    ["unembed.W_U", "from the products to the answers"],
  ],
  config: ({ dEmbed }, order) => bilinearConfig.parse({ dVocab: order, dEmbed }),
  folded: (weights) => pair.embeddings(weights),
  unembed: (weights) => pick(weights, "unembed.W_U"),
};

const transformer: Network<HookedTransformerConfig> = {
  model: hookedTransformer,
  what: "one-layer transformer",
  sumsSquaredWeights: false,
  hidden: "blocks.0.mlp.hook_post",
  drawn: [
    ["embed.W_E", "embedding of the elements and “=”"],
    ["blocks.0.mlp.W_in", "from the residual stream to the neurons"],
    ["blocks.0.mlp.W_out", "from the neurons to the residual stream"],
    ["unembed.W_U", "from the residual stream to the answers"],
  ],
  config: ({ dModel, nHeads, dMlp }, order) =>
    hookedTransformerConfig.parse({
      nLayers: 1,
      nHeads,
      dModel,
      dHead: dModel / nHeads,
      dMlp: dMlp ?? 512,
      actFn: "relu",
      normalizationType: null,
      dVocab: order + 1,
      dVocabOut: order,
      nCtx: 3,
      initOrder: "pre-1.13",
    }),
  frozen: (config) =>
    hookedTransformer
      .parameters(config)
      .map(({ name }) => name)
      .filter((name) => name.includes("b_")),
  embeddings(weights, order) {
    const W_E = rows("embed.W_E", pick(weights, "embed.W_E"), 0, order);
    return [W_E, W_E];
  },
  withEmbeddings(weights, [a]) {
    const W_E = pick(weights, "embed.W_E");
    const data = Float32Array.from(W_E.data);
    data.set(a.data);
    return { ...weights, "embed.W_E": nd("float32", W_E.shape, data) };
  },
  folded: (weights, order) => transformer.embeddings(weights, order),
  unembed: (weights) => matmul(pick(weights, "blocks.0.mlp.W_out"), pick(weights, "unembed.W_U")),
};

function toFloat32({ shape, data }: NdArray): NdArray {
  return nd("float32", shape, Float32Array.from(data));
}

const networks: { readonly [N in NetworkName]: Network<unknown> } = {
  "one-layer-mlp": mlp as Network<unknown>,
  bilinear: product as Network<unknown>,
  "hooked-transformer": transformer as Network<unknown>,
};

export function networkOf(name: NetworkName): Network<unknown> {
  return networks[name];
}
