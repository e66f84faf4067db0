/** Where the numbers that the binary network is compared with come from. */

import type { Reference } from "../../article/index.ts";

const paper = "Li 2024, Mechanistic Interpretability of Binary and Ternary Transformers";

export const li: Reference = { kind: "published", paper, url: "https://arxiv.org/abs/2405.17703" };
export const notebook: Reference = {
  kind: "printed",
  paper: "Li, notebook on binary transformers",
  at: "its printed split and log",
};
export const replay: Reference = {
  kind: "recomputed",
  paper: "Li, notebook on binary transformers",
  at: "replayed in PyTorch from its random stream, lib/goldens/bitnet_replay.py",
};
