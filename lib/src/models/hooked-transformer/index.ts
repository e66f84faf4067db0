import type { Model } from "../model.ts";
import { type HookedTransformerConfig, hookedTransformerConfig } from "./config.ts";
import { forward, forwardSpan } from "./forward.ts";
import { init } from "./init.ts";
import { lastLogits } from "./last-logits.ts";
import { logitDifferences } from "./logit-differences.ts";
import { logitsAt } from "./logits-at.ts";
import { parameters, tied } from "./parameters.ts";
import { points } from "./points.ts";
import { residualStream } from "./residual-stream.ts";

export {
  type ActFn,
  type HookedTransformerConfig,
  type HookedTransformerOptions,
  hookedTransformerConfig,
  type InitMode,
  type NormalizationType,
  type PositionalEmbeddingType,
} from "./config.ts";
export { nParams } from "./parameters.ts";

/** Decoder-only transformer with TransformerLens's names, numbers and order of draws. */
export const hookedTransformer: Model<HookedTransformerConfig> = {
  name: "hooked-transformer",
  title: "Transformer with TransformerLens's semantics",
  source: {
    paper: "Nanda and Bloom 2022, TransformerLens",
    at: "HookedTransformer, version 3.5",
    url: "https://github.com/TransformerLensOrg/TransformerLens",
  },
  config: hookedTransformerConfig,
  parameters,
  points,
  init,
  forward,
  forwardSpan,
  context: ({ nCtx, attentionDir }) => ({ length: nCtx, causal: attentionDir === "causal" }),
  residualStream,
  tied,
  lastLogits,
  logitsAt,
  logitDifferences,
};
