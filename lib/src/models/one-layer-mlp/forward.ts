import { matmul, relu, type Tensor } from "../../arrays/index.ts";
import { addBias, weight } from "../layers/affine.ts";
import { atEveryPosition, firstTwo, rowsOfToken } from "../layers/token-pair.ts";
import type { Hook, TokenTable, Weights } from "../model.ts";
import type { OneLayerMlpConfig } from "./config.ts";

/** Logits "batch pos d_vocab_out", equal at every position, of int32 tokens "batch pos". */
export function forward(
  weights: Weights,
  config: OneLayerMlpConfig,
  tokens: Tensor,
  hook: Hook,
): Tensor {
  const a = hook("hook_embed_a", rowsOfToken(weight(weights, "embed.W_E_a"), tokens, 0));
  const b = hook("hook_embed_b", rowsOfToken(weight(weights, "embed.W_E_b"), tokens, 1));
  const [intoA, intoB] = halves(weights, config);
  const sum = matmul(a, intoA).add(matmul(b, intoB));
  const pre = hook("mlp.hook_pre", addBias(sum, weights, "mlp.b_in"));
  const logits = unembed(weights, hook("mlp.hook_post", relu(pre)));
  return hook("unembed.hook_out", atEveryPosition(logits, tokens));
}

/** `forward(...)[:, -1]` up to rounding, with each distinct token multiplied once. */
export function lastLogits(weights: Weights, config: OneLayerMlpConfig, table: TokenTable): Tensor {
  const [first, second] = firstTwo(table);
  const [intoA, intoB] = halves(weights, config);
  const a = matmul(first.rows(weight(weights, "embed.W_E_a")), intoA);
  const b = addBias(
    matmul(second.rows(weight(weights, "embed.W_E_b")), intoB),
    weights,
    "mlp.b_in",
  );
  return unembed(weights, relu(first.spread(a).add(second.spread(b))));
}

/** The rows of W_in that multiply the first token's embedding, and those of the second's. */
function halves(weights: Weights, { dEmbed }: OneLayerMlpConfig): readonly [Tensor, Tensor] {
  const W_in = weight(weights, "mlp.W_in");
  return [W_in.at([0, dEmbed]), W_in.at([dEmbed, 2 * dEmbed])];
}

function unembed(weights: Weights, hidden: Tensor): Tensor {
  return addBias(matmul(hidden, weight(weights, "unembed.W_U")), weights, "unembed.b_U");
}
