import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";
import { type Curves, firstStep, valueAt } from "../shared/curves.ts";
import { atDefaults, atMost, equal, within, withinShare } from "../shared/judge.ts";
import { type MaxOfTwoParams, maxOfTwoParams } from "./params.ts";
import type { MaxOfTwoResults, Proofs } from "./results.ts";

const notebook: Source = {
  paper: "seed 004 (Gross, notebook on grokking max of 2)",
  at: "model configuration",
  url: "https://github.com/JasonGross/guarantees-based-mechanistic-interpretability",
};

const retrained: Source = {
  paper: "seed 004 (Gross, notebook on grokking max of 2)",
  at: "trained again from its seeds in PyTorch",
};

const compactProofs: Source = {
  paper: "Gross et al. 2024, Compact proofs of model performance via mechanistic interpretability",
  url: "https://arxiv.org/abs/2406.11779",
};

/** Claims that apply to these parameters: a published number is only compared with its own setting. */
export function claims(params: MaxOfTwoParams, results: MaxOfTwoResults): Claim[] {
  const { curves, proofs } = results;
  const defaults = maxOfTwoParams.parse({});
  const same = (...names: (keyof MaxOfTwoParams)[]): boolean => atDefaults(params, defaults, names);
  const sameTask =
    same("n", "vocab", "trainFraction") && params.forcedGaps.join() === defaults.forcedGaps.join();
  const sameData = sameTask && same("seed");
  const sameStart = sameData && same("dModel") && curves.step.length > 0;
  const sameTraining = sameStart && same("lr", "weightDecay", "beta1", "beta2", "steps");
  return [
    ...(results.dataKnown && same("seed") ? seedClaims(results) : []),
    ...(results.dataKnown && sameData ? splitClaims(results) : []),
    ...(sameStart ? initialClaims(curves) : []),
    ...(sameTraining ? [...trainingClaims(curves), ...endClaims(results)] : []),
    ...proofClaims(proofs),
  ];
}

function seedClaims({ seeds }: MaxOfTwoResults): Claim[] {
  return [
    equal(
      {
        id: "derived-seeds",
        text: "seeds of weights, split, training and test, from 123 by MD5",
        source: notebook,
      },
      [613947648, 1914904320, 3402695680, 3741094656],
      [seeds.model, seeds.dataset, seeds.train, seeds.test],
    ),
  ];
}

function splitClaims({ split: { train, test } }: MaxOfTwoResults): Claim[] {
  return [
    equal(
      { id: "split-sizes", text: "pairs to train and to test on", source: notebook },
      [408, 3688],
      [train.count, test.count],
    ),
    equal(
      {
        id: "split-rows",
        text: "first three training and first three test sequences, shuffled by NumPy's generator",
        source: retrained,
      },
      [0, 0, 64, 57, 56, 64, 28, 29, 64, 40, 10, 64, 42, 4, 64, 3, 35, 64],
      [...train.tokens, ...test.tokens],
    ),
  ];
}

/** The notebook's epoch 0 logs the training loss before the first update and the test loss after it. */
function initialClaims(curves: Curves): Claim[] {
  return [
    within(
      { id: "train-loss-epoch-0", text: "training loss before any update", source: retrained },
      4.17691,
      1e-4,
      valueAt(curves, "trainLoss", 0) ?? Number.NaN,
    ),
    within(
      { id: "test-loss-epoch-0", text: "test loss after one update", source: retrained },
      4.17175,
      1e-4,
      valueAt(curves, "testLoss", 1) ?? Number.NaN,
    ),
  ];
}

const drift =
  "updates amplify rounding, so two machines agree on the shape of the curve and not on its epoch; a few hundred epochs are asked for";

function trainingClaims(curves: Curves): Claim[] {
  const peak = Math.max(...curves.testLoss);
  const at = (id: string, text: string, expected: number, range: number, step?: number): Claim => {
    const claim = within({ id, text, source: retrained }, expected, range, step ?? Number.NaN);
    return { ...claim, tolerance: `${claim.tolerance} epochs: ${drift}` };
  };
  const early = (step: number, expected: number, share: number): Claim =>
    withinShare(
      { id: `test-loss-${step}`, text: `test loss after ${step} updates`, source: retrained },
      expected,
      share,
      valueAt(curves, "testLoss", step) ?? Number.NaN,
      "before the plateau, runs in PyTorch and here differ by rounding alone",
    );
  return [
    early(100, 3.358, 0.01),
    early(250, 1.433, 0.02),
    at(
      "worst-epoch",
      "epoch of the largest test loss",
      1369,
      300,
      firstStep(curves, "testLoss", (loss) => loss === peak),
    ),
    at(
      "memorised-epoch",
      "first epoch with every training pair right",
      1539,
      300,
      firstStep(curves, "trainAccuracy", (accuracy) => accuracy === 1),
    ),
    at(
      "grokked-epoch",
      "first epoch with every test pair right",
      2179,
      400,
      firstStep(curves, "testAccuracy", (accuracy) => accuracy === 1),
    ),
  ];
}

function endClaims({ reading, proofs }: MaxOfTwoResults): Claim[] {
  return [
    equal(
      { id: "all-pairs-right", text: "of all 4,096 pairs, answered correctly", source: retrained },
      4096,
      proofs.bruteForce?.correct ?? Number.NaN,
    ),
    equal(
      {
        id: "attention-increases",
        text: "of 64 numbers, those that get no more attention than the number before",
        source: retrained,
      },
      0,
      reading.summary.qkViolations,
    ),
    equal(
      {
        id: "copies-itself",
        text: "of 64 numbers, those that raise their own logit most when attended to",
        source: retrained,
      },
      64,
      reading.summary.diagonalRows,
    ),
  ];
}

/** A bound above the accuracy would be an error in the proof. */
export function proofClaims({ bruteForce, cubic, subcubic }: Proofs): Claim[] {
  if (bruteForce === null) return [];
  return [
    atMost(
      {
        id: "cubic-bound",
        text: "sequences the cubic proof vouches for, against those that are right",
        source: { ...compactProofs, at: "section 4; a theorem" },
      },
      bruteForce.correct,
      cubic.correct,
    ),
    atMost(
      {
        id: "subcubic-bound",
        text: "sequences the sub-cubic proof vouches for, against those that are right",
        source: { ...compactProofs, at: "section 4; a theorem" },
      },
      bruteForce.correct,
      subcubic.correct,
    ),
  ];
}
