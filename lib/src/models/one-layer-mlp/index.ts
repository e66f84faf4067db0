/** The one-hidden-layer network of Chughtai et al. 2023 on pairs of tokens. */

import type { Model } from "../model.ts";
import { type OneLayerMlpConfig, oneLayerMlpConfig } from "./config.ts";
import { forward, lastLogits } from "./forward.ts";
import { init } from "./init.ts";
import { parameters, points } from "./parameters.ts";

export { type OneLayerMlpConfig, type OneLayerMlpOptions, oneLayerMlpConfig } from "./config.ts";

/**
 * Embeds the first two tokens of a sequence, each with its own matrix, joins the two vectors, and
 * answers with one hidden layer: relu([E_a[a]; E_b[b]] W_in + b_in) W_U + b_U. Further tokens ("=")
 * are not read; the answer is the same at every position.
 */
export const oneLayerMlp: Model<OneLayerMlpConfig> = {
  name: "one-layer-mlp",
  title: "Network with one hidden layer on two tokens",
  source: {
    paper: "Chughtai, Chan and Nanda 2023, A toy model of universality",
    at: "section 3 (OneLayerMLP)",
    url: "https://arxiv.org/abs/2302.03025",
  },
  config: oneLayerMlpConfig,
  parameters,
  points,
  init,
  forward,
  reads: 2,
  lastLogits,
};
