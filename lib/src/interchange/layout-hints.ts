/** What published files say beside their weights: causal masks, and what a layout implies. */

import { layoutOf, type NamedArrays } from "../io/index.ts";
import type { Allowed } from "./families.ts";

/** `attentionDir` by the mask that older versions keep in each block: a lower triangle, or all ones. */
export function maskSays(raw: NamedArrays): Allowed {
  const mask = Object.entries(raw).find(([name]) => /blocks\.0\.attn\.mask$/.test(name))?.[1];
  const [rows = 0, columns = 0] = mask?.shape ?? [];
  if (mask === undefined || rows < 2 || rows !== columns) return {};
  const above = mask.data[columns - 1];
  return { attentionDir: [above === 0 ? "causal" : "bidirectional"] };
}

/**
 * Fields that a layout fixes. progress-measures-paper's model has no normalization (its LayerNorm is
 * commented out), adds its positions to the residual stream, and is causal.
 */
export function layoutSays(raw: NamedArrays): Allowed {
  if (layoutOf(raw) !== "progress-measures") return {};
  return {
    normalizationType: [null],
    attentionDir: ["causal"],
    positionalEmbeddingType: ["standard"],
  };
}
