/** Where the numbers that addition is compared with come from. */

import type { Reference } from "../../article/index.ts";
import type { Source } from "../../core/source.ts";

export const quirke: Source = {
  paper: "Quirke and Barez 2023, Understanding addition in transformers",
  url: "https://arxiv.org/abs/2310.13121",
};
const paper = "Quirke, Addition Interpretability Analysis (notebook)";
export const notebook: Source = { paper, at: "its first notebook, of August 2023" };

/** A place of the notebook. */
export function printed(at: string): Reference {
  return { kind: "printed", paper, at };
}

export const retrained: Reference = {
  kind: "recomputed",
  paper,
  at: "trained from its seed in PyTorch, lib/goldens/addition_replay.py",
};
export const nanda: Source = {
  paper: "Nanda et al. 2023, Progress measures for grokking via mechanistic interpretability",
  url: "https://arxiv.org/abs/2301.05217",
};
export const published: Reference = {
  kind: "recomputed",
  ...nanda,
  at: "run 5_digit_addition_infinite on the same sums in PyTorch, lib/goldens/addition_published.py",
};
/** What this study says of the trained model in words. */
export const own: Reference = { kind: "own", paper: "this study", at: "its reading of the model" };
