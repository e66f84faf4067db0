/** Where the numbers that modular addition is compared with come from. */

import type { Reference } from "../../article/index.ts";

export const nanda: Reference = {
  kind: "published",
  paper: "Nanda et al. 2023, Progress measures for grokking via mechanistic interpretability",
  url: "https://arxiv.org/abs/2301.05217",
};
export const demo: Reference = {
  kind: "printed",
  paper: "TransformerLens, Grokking_Demo (Nanda)",
  at: "the run with data seed 598 and model seed 999",
  url: "https://github.com/TransformerLensOrg/TransformerLens/blob/main/demos/Grokking_Demo.ipynb",
};
export const replay: Reference = {
  kind: "recomputed",
  paper: "TransformerLens, Grokking_Demo (Nanda)",
  at: "trained in PyTorch in float64, lib/goldens/modular_addition_replay.py",
};
export const own: Reference = { kind: "own", paper: "this study" };

/** A published run with weight decay 0.1. */
export const publishedFile = "progress-measures/wd_10-1_mod_addition_loss_curve.pth";
export const publishedRun: Reference = {
  ...nanda,
  kind: "recomputed",
  at: `run ${publishedFile}, measured in PyTorch, lib/goldens/progress_measures.py`,
};
