import { InputError } from "../../core/errors.ts";
import type { HookedTransformerConfig } from "../hooked-transformer/index.ts";
import { isCentered } from "./fold-layer-norm.ts";
import { center, draftOf, finish, inLayers, type TransformerModel } from "./rebuild.ts";

/** Why the pass has no meaning for this configuration, if so. */
export function nothingToCenter(config: HookedTransformerConfig): string | undefined {
  if (isCentered(config)) return undefined;
  return `centerWritingWeights: normalizationType must be LN or LNPre, which ignore the mean, got ${config.normalizationType}`;
}

/**
 * Subtract the mean over d_model from everything that is added to the residual stream: `W_E`,
 * `W_pos`, `W_O`, `b_O`, `W_out`, `b_out`. LayerNorm does not see the difference.
 * @throws InputError for other normalizations.
 */
export function centerWritingWeights(model: TransformerModel): TransformerModel {
  const nothing = nothingToCenter(model.config);
  if (nothing !== undefined) throw new InputError(nothing);
  const { draft, config } = draftOf(model);
  const perLayer = config.attnOnly
    ? ["attn.W_O", "attn.b_O"]
    : ["attn.W_O", "attn.b_O", "mlp.W_out", "mlp.b_out"];
  const positions = config.positionalEmbeddingType === "standard" ? ["pos_embed.W_pos"] : [];
  for (const name of ["embed.W_E", ...positions, ...inLayers(config, perLayer)]) {
    center(draft, name, "d_model");
  }
  return finish(model, config, draft, "centerWritingWeights");
}

/** Subtract the mean over d_vocab_out from `W_U` and `b_U`: logits shift, probabilities do not. */
export function centerUnembed(model: TransformerModel): TransformerModel {
  const { draft, config } = draftOf(model);
  for (const name of ["unembed.W_U", "unembed.b_U"]) center(draft, name, "d_vocab_out");
  return finish(model, config, draft, "centerUnembed");
}
