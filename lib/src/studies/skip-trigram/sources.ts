/** Where the numbers that skip trigrams are compared with come from. */

import type { Reference } from "../../article/index.ts";

const paper = "Notebook on skip trigrams with noise and one-hot embeddings";

/** What the notebook printed. */
export function notebook(at: string): Reference {
  return { kind: "printed", paper, at };
}
export const recomputed: Reference = {
  kind: "recomputed",
  paper,
  at: "replayed in PyTorch, lib/goldens/trigram_replay.py",
};
export const rule: Reference = {
  kind: "theorem",
  paper: "the rule itself",
  at: "signal has one answer, noise one of 11 labels at random",
};
export const own: Reference = { kind: "own", paper: "this study", at: "a threshold of ours" };
