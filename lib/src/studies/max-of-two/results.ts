/** The study's results: plain numbers, everything its claims and figures are made of. */

import {
  type AccuracyBound,
  bruteForce,
  cubicBound,
  maxCircuits,
  mostBruteForced,
  sequenceCount,
  subcubicBound,
} from "../../analysis/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { Examples } from "../../tasks/task.ts";
import { type Curves, curvesOf } from "../shared/curves.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import type { MaxOfTwoParams } from "./params.ts";
import { type DerivedSeeds, derivedSeeds, maxSplit } from "./plan.ts";
import { attentionScores, type Reading, readCircuits, violations } from "./reading.ts";

export interface MaxOfTwoResults {
  /** Whether the seed and the split are those of the weights. */
  readonly dataKnown: boolean;
  readonly seeds: DerivedSeeds;
  readonly split: { readonly train: PartSummary; readonly test: PartSummary };
  /** Empty when a checkpoint was analysed without training. */
  readonly curves: Curves;
  readonly reading: Reading;
  readonly proofs: Proofs;
  /** Null when only one checkpoint is there. */
  readonly history: History | null;
}

/** Sizes and the first three sequences, flattened. */
export interface PartSummary {
  readonly count: number;
  readonly tokens: readonly number[];
}

/** The three proofs on the same weights. */
export interface Proofs {
  /** Null where there are too many sequences to run. */
  readonly bruteForce: AccuracyBound | null;
  readonly cubic: AccuracyBound;
  readonly subcubic: AccuracyBound;
}

/** The model at every checkpoint. */
export interface History {
  readonly steps: readonly number[];
  /** "checkpoint token": attention scores as the notebook's animation shows them. */
  readonly scores: NdArray;
  /** Numbers whose score is not above that of the number before. */
  readonly qkViolations: readonly number[];
  /** Share of all sequences answered correctly; null where there are too many to run each time. */
  readonly accuracy: readonly number[] | null;
  /** Lower bounds on it. */
  readonly cubic: readonly number[];
  readonly subcubic: readonly number[];
  /** Sum of the squares of all weights. */
  readonly squaredWeights: readonly number[];
}

export async function analyse(
  params: MaxOfTwoParams,
  run: TrainedRun,
  context: StudyContext,
): Promise<MaxOfTwoResults> {
  const { train, test } = maxSplit(params);
  context.progress("analysing the final model");
  const circuits = maxCircuits(await run.weights(run.checkpointSteps.at(-1) ?? 0));
  const reading = readCircuits(circuits);
  return {
    dataKnown: run.dataKnown !== false,
    seeds: derivedSeeds(params.seed),
    split: { train: summarise(train), test: summarise(test) },
    curves: curvesOf(run.metrics),
    reading,
    proofs: {
      bruteForce: sequenceCount(circuits) <= mostBruteForced ? bruteForce(circuits) : null,
      cubic: cubicBound(circuits),
      subcubic: subcubicBound(circuits),
    },
    history: run.checkpointSteps.length < 2 ? null : await historyOf(run, context),
  };
}

/** Most sequences that are run at every checkpoint. */
const mostFollowed = 2 ** 14;

async function historyOf(run: TrainedRun, context: StudyContext): Promise<History> {
  const steps = run.checkpointSteps;
  context.progress(`following ${steps.length} checkpoints`);
  const scores: number[][] = [];
  const accuracy: number[] = [];
  const [cubic, subcubic, squaredWeights]: [number[], number[], number[]] = [[], [], []];
  for (const step of steps) {
    const weights = await run.weights(step);
    const circuits = maxCircuits(weights);
    scores.push(attentionScores(circuits));
    if (sequenceCount(circuits) <= mostFollowed) accuracy.push(bruteForce(circuits).accuracy);
    cubic.push(cubicBound(circuits).accuracy);
    subcubic.push(subcubicBound(circuits).accuracy);
    squaredWeights.push(
      Object.values(weights).reduce((sum, { data }) => sum + sumOfSquares(data), 0),
    );
  }
  const width = scores[0]?.length ?? 0;
  return {
    steps,
    scores: nd("float64", [steps.length, width], scores.flat()),
    qkViolations: scores.map(violations),
    accuracy: accuracy.length === steps.length ? accuracy : null,
    cubic,
    subcubic,
    squaredWeights,
  };
}

function sumOfSquares(data: Iterable<number>): number {
  let sum = 0;
  for (const x of data) sum += x * x;
  return sum;
}

function summarise({ tokens, labels }: Examples): PartSummary {
  const width = tokens.shape[1] as number;
  return { count: labels.data.length, tokens: [...tokens.data.subarray(0, 3 * width)] };
}
