/** Where the statements that induction heads are compared with come from. */

import type { Reference } from "../../article/index.ts";

export const olsson: Reference = {
  kind: "published",
  paper: "Olsson et al. 2022, In-context learning and induction heads",
  at: "induction heads; the phase change",
  url: "https://arxiv.org/abs/2209.11895",
};
export const elhage: Reference = {
  kind: "published",
  paper: "Elhage et al. 2021, A mathematical framework for transformer circuits",
  at: "two-layer attention-only transformers",
  url: "https://transformer-circuits.pub/2021/framework/index.html",
};
export const progressMeasures: Reference = {
  kind: "published",
  paper: "Nanda et al. 2023, Progress measures for grokking via mechanistic interpretability",
  at: "published run induction_head_infinite.pth",
  url: "https://arxiv.org/abs/2301.05217",
};
/** Thresholds of ours on what these papers describe without a number. */
export const own: Reference = { kind: "own", paper: "this study", at: "a threshold of ours" };
