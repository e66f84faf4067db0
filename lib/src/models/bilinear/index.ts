/** The bilinear network of Chughtai et al.: the product of two embeddings, unembedded. */

import { z } from "zod";
import { matmul, type Tensor } from "../../arrays/index.ts";
import type { Rng } from "../../core/rng.ts";
import { weight } from "../layers/affine.ts";
import { scaledNormal } from "../layers/scaled-normal.ts";
import { atEveryPosition, firstTwo, rowsOfToken } from "../layers/token-pair.ts";
import type { Hook, Model, Parameter, Point, TokenTable, WeightArrays, Weights } from "../model.ts";
import { strictFields } from "../parse.ts";

const size = z.int().min(1);

const shape = {
  dVocab: size.meta({ description: "Number of input tokens with an embedding." }),
  dVocabOut: size.optional().meta({ description: "Number of output classes; default dVocab." }),
  dEmbed: size.default(256).meta({ description: "Width of both embeddings." }),
};

const fields = strictFields(shape);

/** What a user writes: dVocab is required. */
export type BilinearOptions = z.input<typeof fields>;

/** Configuration of `bilinear`, defaults filled in. */
export type BilinearConfig = {
  readonly dVocab: number;
  readonly dVocabOut: number;
  readonly dEmbed: number;
};

/** Schema of the configuration; dEmbed is by default that of Chughtai et al. 2023. */
export const bilinearConfig: z.ZodType<BilinearConfig, BilinearOptions> = fields.transform(
  (given) => ({ ...given, dVocabOut: given.dVocabOut ?? given.dVocab }),
);

/**
 * (E_a[a] * E_b[b]) W_U of the first two tokens of a sequence: linear in each. Further tokens are not
 * read; the answer is the same at every position.
 */
export const bilinear: Model<BilinearConfig> = {
  name: "bilinear",
  title: "Product of two embeddings",
  source: {
    paper: "Chughtai, Chan and Nanda 2023, A toy model of universality",
    at: "code (BilinearNet)",
    url: "https://github.com/bilal-chughtai/rep-theory-mech-interp",
  },
  config: bilinearConfig,
  parameters,
  points,
  init,
  forward,
  reads: 2,
  lastLogits,
};

/** Every weight, in the order of draws: `W_x W_y W_U` in the published code. */
function parameters(c: BilinearConfig): readonly Parameter[] {
  return [
    { name: "embed.W_E_a", axes: "d_vocab d_embed", shape: [c.dVocab, c.dEmbed] },
    { name: "embed.W_E_b", axes: "d_vocab d_embed", shape: [c.dVocab, c.dEmbed] },
    { name: "unembed.W_U", axes: "d_embed d_vocab_out", shape: [c.dEmbed, c.dVocabOut] },
  ];
}

function points(): readonly Point[] {
  return [
    { name: "hook_embed_a", axes: "batch d_embed", fires: true },
    { name: "hook_embed_b", axes: "batch d_embed", fires: true },
    { name: "hook_product", axes: "batch d_embed", fires: true },
    { name: "unembed.hook_out", axes: "batch pos d_vocab_out", fires: true },
  ];
}

/** `randn(shape) / sqrt(dEmbed)`, float32, in the order of `parameters`. */
function init(c: BilinearConfig, rng: Rng): WeightArrays {
  return Object.fromEntries(
    parameters(c).map(({ name, shape }) => [name, scaledNormal(rng, shape, c.dEmbed)]),
  );
}

function forward(weights: Weights, _config: BilinearConfig, tokens: Tensor, hook: Hook): Tensor {
  const a = hook("hook_embed_a", rowsOfToken(weight(weights, "embed.W_E_a"), tokens, 0));
  const b = hook("hook_embed_b", rowsOfToken(weight(weights, "embed.W_E_b"), tokens, 1));
  const product = hook("hook_product", a.mul(b));
  const logits = matmul(product, weight(weights, "unembed.W_U"));
  return hook("unembed.hook_out", atEveryPosition(logits, tokens));
}

function lastLogits(weights: Weights, _config: BilinearConfig, table: TokenTable): Tensor {
  const [first, second] = firstTwo(table);
  const a = first.spread(first.rows(weight(weights, "embed.W_E_a")));
  const b = second.spread(second.rows(weight(weights, "embed.W_E_b")));
  return matmul(a.mul(b), weight(weights, "unembed.W_U"));
}
