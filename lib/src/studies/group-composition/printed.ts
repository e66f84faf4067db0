/** What the notebook on S4 prints of its checkpoint, and losses that published runs logged. */

import type { Reference } from "../../article/index.ts";

/** Cell 192: one line for each element. */
export const printedElements: readonly string[] = [
  "0: (3), signature: 1, order: 1",
  "1: (0 1 2 3), signature: -1, order: 4",
  "2: (0 2)(1 3), signature: 1, order: 2",
  "3: (0 3), signature: -1, order: 2",
  "4: (1 2 3), signature: 1, order: 3",
  "5: (0 1 3 2), signature: -1, order: 4",
  "6: (3)(0 2 1), signature: 1, order: 3",
  "7: (0 3 1 2), signature: -1, order: 4",
  "8: (1 3 2), signature: 1, order: 3",
  "9: (3)(0 1), signature: -1, order: 2",
  "10: (0 2 3), signature: 1, order: 3",
  "11: (0 3 2 1), signature: -1, order: 4",
  "12: (2 3), signature: -1, order: 2",
  "13: (3)(0 1 2), signature: 1, order: 3",
  "14: (0 2 1 3), signature: -1, order: 4",
  "15: (0 3 2), signature: 1, order: 3",
  "16: (3)(1 2), signature: -1, order: 2",
  "17: (0 1 3), signature: 1, order: 3",
  "18: (0 2 3 1), signature: -1, order: 4",
  "19: (0 3)(1 2), signature: 1, order: 2",
  "20: (1 3), signature: -1, order: 2",
  "21: (0 1)(2 3), signature: 1, order: 2",
  "22: (3)(0 2), signature: -1, order: 2",
  "23: (0 3 1), signature: 1, order: 3",
];

/** Cell 193: the neurons it draws. */
export const printedNeurons: readonly number[] = [3, 7, 8, 13, 15, 16, 19, 24, 33, 34, 36, 39];

/** Cell 200. */
export const printedSingularValues: readonly number[] = [
  6.2584, 6.21, 6.1579, 4.6228, 4.5293, 4.399, 4.2643, 4.1072, 3.9995, 0.3696, 0.3045, 0.2542,
  0.2231, 0.2133, 0.1835, 0.1604, 0.1469, 0.1421, 0.1348, 0.129, 0.1249, 0.1047, 0.102, 0.0969,
];

/** Cell 208; the six values printed as 1e-7 and less are zeros. */
export const printedNaturalSingularValues: readonly number[] = [
  4.899,
  ...Array<number>(9).fill(2.8284),
  ...Array<number>(6).fill(0),
];

/** Cell 199: cosine before and after softmax, and fraction of variance. */
export const printedComparison = {
  cosine: 0.5828865170478821,
  softmaxCosine: 0.9396134614944458,
  fraction: 0.3483385741710663,
} as const;

/** Cell 204: loss on all pairs, and with the nine largest singular values of the embeddings. */
export const printedLosses = {
  full: 0.0001891496212920174,
  rank9: 0.00018685602117329836,
} as const;

/** Train losses that published runs logged; the first is of epoch `first`. */
export const loggedLosses: readonly LoggedLosses[] = [
  {
    run: "s5-mlp-seed2",
    name: "S5_MLP_seed2",
    first: 0,
    losses: [4.7839576473991805],
    within: 2e-9,
    worst: 5.2e-10,
  },
  {
    run: "s5-mlp-seed2",
    name: "S5_MLP_seed2",
    first: 10,
    losses: [4.747249200580702],
    within: 2e-8,
    worst: 9.2e-9,
  },
  {
    run: "s5-mlp-seed2",
    name: "S5_MLP_seed2",
    first: 99,
    losses: [3.819144777389364],
    within: 5e-5,
    worst: 4.2e-5,
  },
  {
    run: "d59-mlp-seed1",
    name: "D59_MLP_seed1",
    first: 0,
    losses: [
      4.766598024049174, 4.761538927395551, 4.756659242091934, 4.751926707666205,
      4.7473006271475935, 4.7427500124920705, 4.738251017245811, 4.733779900974707,
      4.729314635690747, 4.724831998047706, 4.720311537658787,
    ],
    within: 2e-9,
    worst: 8.6e-10,
  },
];

export interface LoggedLosses {
  /** The training that repeats it. */
  readonly run: string;
  readonly name: string;
  readonly first: number;
  readonly losses: readonly number[];
  /** How near the repetition comes to each. */
  readonly within: number;
  /** How far the farthest of three runs on different back ends was off. */
  readonly worst: number;
}

const repository = "https://github.com/bilal-chughtai/rep-theory-mech-interp";
const paper = "Chughtai, Chan and Nanda 2023, A toy model of universality";

export const universality: Reference = {
  kind: "published",
  paper,
  at: "sections 3 to 5",
  url: "https://arxiv.org/abs/2302.03025",
};
export const metricsFiles: Reference = {
  kind: "published",
  paper,
  at: "code, batch_experiments/*/summary_metrics.json",
  url: repository,
};
export const logFiles: Reference = {
  kind: "published",
  paper,
  at: "code, batch_experiments/*/metrics.csv: epoch e is measured after e + 1 updates",
  url: repository,
};
export const recomputed = (at: string): Reference => ({
  kind: "recomputed",
  paper,
  at: `${at}, in NumPy: lib/goldens/group_checkpoints.py`,
  url: repository,
});
export const notebook = (at: string): Reference => ({
  kind: "printed",
  paper: "Chughtai, notebook on S4, November 2022",
  at,
  url: repository,
});
