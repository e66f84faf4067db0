import type { Tensor } from "../../arrays/index.ts";
import { weight } from "../layers/affine.ts";
import type { LogitDifferences, Weights } from "../model.ts";
import type { HookedTransformerConfig } from "./config.ts";

/**
 * Logits are linear in W_U and b_U, so with the last column subtracted from the others they are
 * the differences to the last logit. Undefined where W_U is the embedding, or has one column.
 */
export function logitDifferences(
  weights: Weights,
  config: HookedTransformerConfig,
): LogitDifferences<HookedTransformerConfig> | undefined {
  const dVocabOut = config.dVocabOut - 1;
  if (config.tieWordEmbeddings || dVocabOut < 1) return undefined;
  const others = [0, dVocabOut] as const;
  const last = [dVocabOut, dVocabOut + 1] as const;
  const W_U = weight(weights, "unembed.W_U");
  const changed: Record<string, Tensor> = {
    "unembed.W_U": W_U.at([], others).sub(W_U.at([], last)),
  };
  const b_U = weights["unembed.b_U"];
  if (b_U !== undefined) changed["unembed.b_U"] = b_U.at(others).sub(b_U.at(last));
  return { weights: { ...weights, ...changed }, config: { ...config, dVocabOut }, dVocabOut };
}
