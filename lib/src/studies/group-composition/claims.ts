import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";
import { type Curves, lastOf, valueAt } from "../shared/curves.ts";
import { equal, within } from "../shared/judge.ts";
import { eachWithin } from "./each-within.ts";
import { groupModelClaims } from "./group-model-claims.ts";
import type { GroupCompositionParams } from "./params.ts";
import type { GroupCompositionResults } from "./results.ts";
import { seed003Claims } from "./seed003-claims.ts";

const universality: Source = {
  paper: "Chughtai, Chan and Nanda 2023, A toy model of universality",
  at: "section 3: the networks generalise perfectly",
  url: "https://arxiv.org/abs/2302.03025",
};

/** Claims that apply to these parameters. */
export function claims(params: GroupCompositionParams, results: GroupCompositionResults): Claim[] {
  const { curves, seed003, groupModels, repeated } = results;
  return [
    ...(curves.step.length > 0 && isLong(params) ? trainedClaims(results) : []),
    ...(seed003 === null ? [] : seed003Claims(seed003)),
    ...groupModels.flatMap(groupModelClaims),
    ...repeatedClaims(repeated),
  ];
}

/** S4 with the defaults of the optimiser has learned by then; no claim is made about less. */
const enoughSteps = 40_000;

function isLong({ group, model, steps }: GroupCompositionParams): boolean {
  return group === "S4" && model === "one-layer-mlp" && steps >= enoughSteps;
}

function trainedClaims({ curves, opened }: GroupCompositionResults): Claim[] {
  const { explained } = opened.analysis;
  return [
    equal(
      { id: "train-accuracy", text: "train accuracy at the end", source: universality },
      1,
      lastOf(curves.trainAccuracy),
    ),
    equal(
      { id: "test-accuracy", text: "test accuracy at the end", source: universality },
      1,
      lastOf(curves.testAccuracy),
    ),
    within(
      {
        id: "embedding-explained",
        text: "share of the embedding of a in the key representations",
        source: { ...universality, at: "table 1 (W_a: 99 to 100 %)" },
      },
      1,
      0.02,
      explained.embedA,
    ),
  ];
}

const trainingStack: Source = {
  paper: "Chughtai, Chan and Nanda 2023, A toy model of universality",
  at: "code, batch_experiments/*/metrics.csv: epoch e is measured after e + 1 updates",
  url: "https://github.com/bilal-chughtai/rep-theory-mech-interp",
};

/** Train losses that the published runs logged, by epoch, and how close the repetition comes. */
const logged: readonly LoggedLosses[] = [
  {
    id: "s5-mlp-seed2",
    name: "S5_MLP_seed2",
    first: 0,
    losses: [4.7839576473991805],
    tolerance: 1e-8,
  },
  {
    id: "s5-mlp-seed2",
    name: "S5_MLP_seed2",
    first: 10,
    losses: [4.747249200580702],
    tolerance: 1e-7,
  },
  {
    id: "s5-mlp-seed2",
    name: "S5_MLP_seed2",
    first: 99,
    losses: [3.819144777389364],
    tolerance: 5e-5,
  },
  {
    id: "d59-mlp-seed1",
    name: "D59_MLP_seed1",
    first: 0,
    losses: [
      4.766598024049174, 4.761538927395551, 4.756659242091934, 4.751926707666205,
      4.7473006271475935, 4.7427500124920705, 4.738251017245811, 4.733779900974707,
      4.729314635690747, 4.724831998047706, 4.720311537658787,
    ],
    tolerance: 1e-8,
  },
];

interface LoggedLosses {
  readonly id: string;
  readonly name: string;
  /** Epoch of the first loss. */
  readonly first: number;
  readonly losses: readonly number[];
  readonly tolerance: number;
}

/** The first steps of published runs, done again from the seed. */
function repeatedClaims(repeated: Readonly<Record<string, Curves>>): Claim[] {
  return logged.flatMap(({ id, name, first, losses, tolerance }) => {
    const curves = repeated[id];
    if (curves === undefined) return [];
    const last = first + losses.length - 1;
    const epochs = last === first ? `epoch ${first}` : `epochs ${first} to ${last}`;
    return [
      eachWithin(
        {
          id: `${id}-epoch-${first}`,
          text: `${name} trained again: train loss at ${epochs}`,
          source: trainingStack,
        },
        losses,
        tolerance,
        losses.map((_, i) => valueAt(curves, "trainLoss", first + i + 1) ?? Number.NaN),
      ),
    ];
  });
}
