/** Where the numbers that max-of-two is compared with come from. */

import type { Reference } from "../../article/index.ts";

export const gross: Reference = {
  kind: "theorem",
  paper: "Gross et al. 2024, Compact proofs of model performance via mechanistic interpretability",
  at: "section 4",
  url: "https://arxiv.org/abs/2406.11779",
};
export const notebook: Reference = {
  kind: "printed",
  paper: "Gross, notebook on grokking max of two",
  at: "model configuration",
  url: "https://github.com/JasonGross/guarantees-based-mechanistic-interpretability",
};
export const retrained: Reference = {
  kind: "recomputed",
  paper: "Gross, notebook on grokking max of two",
  at: "trained from its seeds in PyTorch, lib/goldens/max_of_two_replay.py",
};
export const own: Reference = {
  kind: "own",
  paper: "this study",
  at: "its question: can every pair be proved?",
};
