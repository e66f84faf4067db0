import type { Claim } from "../../core/claim.ts";
import type { Source } from "../../core/source.ts";
import { atDefaults, atMost, equal, within, withinShare } from "../shared/judge.ts";
import type { OpenBatch } from "./batch.ts";
import { type AdditionStudyParams, additionParams } from "./params.ts";
import {
  exactLosses,
  printedBatch,
  printedCases,
  printedEvery,
  printedKinds,
  printedLosses,
  printedPredictions,
  printedQuestion,
} from "./printed.ts";
import type { AdditionResults, LossCurves } from "./results.ts";
import { type SumScores, shareOf } from "./scores.ts";

const notebook = (at: string): Source => ({
  paper: "seed 001 (notebook on 5-digit addition)",
  at,
});

const recomputed: Source = {
  paper: "seed 001 trained in PyTorch on a CPU",
  at: "20,000 random sums, which the notebook does not ask",
};

const replayed: Source = {
  paper: "seed 001 trained in PyTorch in float64",
  at: "lib/goldens/addition_replay.py",
};

const progressMeasures: Source = {
  paper: "Nanda et al. 2023, Progress measures for grokking via mechanistic interpretability",
  at: "published run 5_digit_addition_infinite.pth, recomputed in PyTorch",
  url: "https://arxiv.org/abs/2301.05217",
};

/** The last printed step before the phase change, which magnifies what differs. */
const phaseChange = 1500;

/**
 * How far two machines agree up to a step: about three standard deviations of runs that differ in
 * rounding alone (README).
 */
const agreement = [
  { until: phaseChange, share: 0.005 },
  { until: 1700, share: 0.02 },
  { until: Number.POSITIVE_INFINITY, share: 0.15 },
] as const;

function agreementAt(step: number): number {
  return (agreement.find(({ until }) => step <= until) ?? agreement[2]).share;
}

/** How far the print itself is from the same training without rounding. */
function roundingOf(printed: number, exact: number): string {
  const percent = Math.abs(100 * (exact / printed - 1)).toFixed(2);
  return `rounding decides; float64 gives ${exact.toPrecision(6)}, ${percent} % from the print`;
}

/** Claims that apply to these parameters. */
export function claims(params: AdditionStudyParams, results: AdditionResults): Claim[] {
  const defaults = additionParams.parse({});
  const same = (...names: (keyof AdditionStudyParams)[]): boolean =>
    atDefaults(params, defaults, names);
  const sameData = same("digits", "data", "batchSize", "seed");
  const sameModel = sameData && same("dModel", "nHeads", "dMlp", "outputs");
  const sameTraining =
    sameModel &&
    same("lr", "weightDecay", "beta1", "beta2", "warmupSteps", "evalEvery") &&
    results.curves !== null;
  const whole = sameTraining && params.steps === defaults.steps;
  return [
    ...(sameTraining && results.curves !== null ? lossClaims(results.curves) : []),
    ...(sameTraining && results.curves !== null && params.float64Steps >= phaseChange
      ? [exactClaim(results.curves)]
      : []),
    ...(whole && results.curves !== null ? caseClaims(results.curves) : []),
    ...(sameData && params.steps === defaults.steps ? batchClaims(results.batch) : []),
    ...(whole ? endClaims(results) : []),
    ...publishedClaims(results.published),
  ];
}

function lossClaims({ step, trainLoss }: LossCurves): Claim[] {
  const source = notebook("printed during training");
  const own = printedLosses.flatMap((printed, i) => {
    const at = step.indexOf(i * printedEvery);
    if (at < 0) return [];
    const exact = exactLosses[i] as number;
    return [{ step: i * printedEvery, printed, exact, measured: trainLoss[at] as number }];
  });
  const [first, ...others] = own;
  if (first === undefined) return [];
  return [
    within(
      { id: "initial-loss", text: "loss of the first batch, before the first update", source },
      first.printed,
      1e-6,
      first.measured,
    ),
    ...others.map(({ step: at, printed, exact, measured }) => {
      const wording = { id: `loss-${at}`, text: `loss at step ${at}`, source };
      const why = roundingOf(printed, exact);
      return withinShare(wording, printed, agreementAt(at), measured, why);
    }),
  ];
}

/** Until the phase change magnifies even the last bit of float64, PyTorch's losses are met. */
function exactClaim({ step, trainLoss }: LossCurves): Claim {
  const apart = exactLosses.flatMap((exact, i) => {
    const at = step.indexOf(i * printedEvery);
    if (at < 0 || i * printedEvery > phaseChange) return [];
    return [Math.abs((trainLoss[at] as number) / exact - 1)];
  });
  return atMost(
    {
      id: "losses-in-float64",
      text: `largest relative distance from PyTorch's losses in float64 up to step ${phaseChange}`,
      source: replayed,
    },
    1e-6,
    Math.max(...apart),
  );
}

function caseClaims({ cases }: LossCurves): Claim[] {
  return Object.entries(printedCases).map(([name, expected]) =>
    equal(
      {
        id: `cases-${name.toLowerCase()}`,
        text: `digits of case ${name} in 3,000 batches`,
        source: notebook("titles of the figures"),
      },
      expected,
      cases[name] as number,
    ),
  );
}

function batchClaims({ kinds, first }: OpenBatch): Claim[] {
  const source = notebook("attention patterns");
  return [
    ...Object.entries(printedKinds).map(([name, expected]) =>
      equal(
        {
          id: `batch-${name.toLowerCase()}`,
          text: `questions of kind ${name} in batch ${printedBatch}`,
          source,
        },
        expected,
        kinds[name as keyof typeof kinds],
      ),
    ),
    equal(
      { id: "batch-first", text: `first question of batch ${printedBatch}`, source },
      printedQuestion,
      first,
    ),
  ];
}

function endClaims({ batch, scores }: AdditionResults): Claim[] {
  const answer = (predictions: readonly number[]): number[] => [...predictions.slice(11, 17)];
  const share = (id: string, text: string, expected: number, tolerance: number, own: number) =>
    within({ id, text, source: recomputed }, expected, tolerance, own);
  return [
    equal(
      {
        id: "printed-answer",
        text: `answer to ${printedQuestion}, read where it is predicted`,
        source: notebook("hook experiment"),
      },
      answer(printedPredictions),
      answer(batch.predictions),
    ),
    share(
      "accuracy",
      "share of random sums with every digit right",
      0.886,
      0.03,
      shareOf(scores.all),
    ),
  ];
}

/** The published checkpoint; none where it is not at hand. */
export function publishedClaims(published: SumScores | null): Claim[] {
  if (published === null) return [];
  const source = progressMeasures;
  const perDigit = [0.99938, 0.9949, 0.99501, 0.98956, 0.99981, 1];
  const cascades = [0.988, 0.963, 0.674, 0.315, 0];
  return [
    within(
      { id: "published-accuracy", text: "published run: right of 100,000 random sums", source },
      0.9795,
      0.002,
      shareOf(published.all),
    ),
    within(
      { id: "published-loss", text: "published run: mean loss in nats", source },
      0.01116,
      5e-4,
      published.loss,
    ),
    ...published.digits.map((name, i) =>
      within(
        {
          id: `published-${name.toLowerCase()}`,
          text: `published run: share of ${name} that is right`,
          source,
        },
        perDigit[i] as number,
        0.002,
        published.digitAccuracy[i] as number,
      ),
    ),
    ...cascades.flatMap((expected, length) => {
      const hits = published.byCascade[length];
      if (hits === undefined || hits.count === 0) return [];
      return [
        within(
          {
            id: `published-cascade-${length}`,
            text: `published run: right where the longest cascade is ${length}`,
            source,
          },
          expected,
          0.002,
          shareOf(hits),
        ),
      ];
    }),
  ];
}
