/** The kinds of network that learn a group, and where each keeps what the analysis reads. */

import { concatenate, type Tensor } from "../../arrays/index.ts";
import type { AnyModel } from "../../lab/index.ts";
import {
  bilinear,
  bilinearConfig,
  HookedModel,
  type HookedTransformerConfig,
  hookedTransformer,
  hookedTransformerConfig,
  type Model,
  oneLayerMlp,
  oneLayerMlpConfig,
} from "../../models/index.ts";
import type { GroupCompositionParams } from "./params.ts";

/** The parameters that a network's sizes depend on. */
export type Sizes = Pick<GroupCompositionParams, "dEmbed" | "dMlp" | "bias" | "dModel" | "nHeads">;

type Two = readonly [a: Tensor, b: Tensor];

export interface Kind {
  // biome-ignore lint/suspicious/noExplicitAny: a model of any kind; see `AnyModel`
  readonly model: Model<any>;
  /** "network with one hidden layer": what it is, for a sentence. */
  readonly what: string;
  /** Hook point of the hidden layer, "batch neuron" or "batch pos neuron" (the last position counts). */
  readonly hidden: string;
  /** Weights that are drawn, with words for what they are. */
  readonly drawn: readonly (readonly [name: string, title: string])[];
  /** Whether the published code adds up its squared weights (it looks for parameters of other names). */
  readonly sumsSquaredWeights: boolean;
  config(sizes: Sizes, order: number): Readonly<Record<string, unknown>>;
  /** Weights that are not trained. */
  frozen(config: unknown): readonly string[];
  /** The embeddings of the elements as first and second of a pair, "element column". */
  embeddings(model: AnyModel, order: number): Two;
  /** The model with other embeddings. */
  withEmbeddings(model: AnyModel, embeddings: Two): AnyModel;
  /** Float64: what each element adds to the hidden layer, or its embedding where attention lies between. */
  folded(model: AnyModel, order: number): Two;
  /** Float64: from the hidden layer to the logits, "neuron c". */
  unembed(model: AnyModel): Tensor;
}

const wide = (x: Tensor): Tensor => x.astype("float64");

function changed(model: AnyModel, weights: Readonly<Record<string, Tensor>>): AnyModel {
  return new HookedModel(model.model, model.config, { ...model.weights, ...weights });
}

const pair = {
  sumsSquaredWeights: true,
  frozen: (): readonly string[] => [],
  embeddings: (model: AnyModel): Two => [model.weight("embed.W_E_a"), model.weight("embed.W_E_b")],
  withEmbeddings: (model: AnyModel, [a, b]: Two): AnyModel =>
    changed(model, { "embed.W_E_a": a, "embed.W_E_b": b }),
  unembed: (model: AnyModel): Tensor => wide(model.W_U),
};

const mlp: Kind = {
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
  folded(model) {
    const [a, b] = pair.embeddings(model).map(wide) as [Tensor, Tensor];
    const half = a.shape[1] as number;
    const W_in = wide(model.weight("mlp.W_in"));
    return [a.matmul(W_in.at([0, half])), b.matmul(W_in.at([half, 2 * half]))];
  },
};

const product: Kind = {
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
  folded: (model) => pair.embeddings(model).map(wide) as [Tensor, Tensor],
};

const transformer: Kind = {
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
    }) as unknown as Readonly<Record<string, unknown>>,
  frozen: (config) =>
    hookedTransformer
      .parameters(config as HookedTransformerConfig)
      .map(({ name }) => name)
      .filter((name) => name.includes("b_")),
  embeddings(model, order) {
    const W_E = model.W_E.at([0, order]);
    return [W_E, W_E];
  },
  withEmbeddings: (model, [a]) =>
    changed(model, { "embed.W_E": concatenate([a, model.W_E.at([-1])], 0) }),
  folded: (model, order) => transformer.embeddings(model, order).map(wide) as [Tensor, Tensor],
  unembed: (model) => wide(model.weight("blocks.0.mlp.W_out")).matmul(wide(model.W_U)),
};

/** Every kind, by the name of its model. */
export const kinds: { readonly [N in GroupCompositionParams["model"]]: Kind } = {
  "one-layer-mlp": mlp,
  bilinear: product,
  "hooked-transformer": transformer,
};

/** The kind of network with this name. */
export function kindOf(name: string): Kind | undefined {
  return Object.hasOwn(kinds, name) ? kinds[name as keyof typeof kinds] : undefined;
}
