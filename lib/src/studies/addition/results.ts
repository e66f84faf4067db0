import { readPt, weightsOf } from "../../io/index.ts";
import type { HookedTransformerConfig, WeightArrays } from "../../models/index.ts";
import { digitCases } from "../../tasks/index.ts";
import type { MetricsRow } from "../../train/metrics.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import { type OpenBatch, openBatch } from "./batch.ts";
import { type Circuit, studyCircuit } from "./circuit.ts";
import { fit } from "./fit.ts";
import { digitNames } from "./losses.ts";
import { type AdditionStudyParams, additionParams } from "./params.ts";
import { type Phase, phasesOf } from "./phases.ts";
import { modelConfig } from "./plan.ts";
import { type SumScores, scoreSums } from "./scores.ts";

/** Everything the report draws. */
export interface AdditionResults {
  /** Null when a checkpoint is analysed without training. */
  readonly curves: LossCurves | null;
  readonly phases: readonly Phase[];
  readonly batch: OpenBatch;
  readonly scores: SumScores;
  readonly circuit: Circuit;
  /** The published checkpoint of five-digit addition; null where it is not at hand, or for others. */
  readonly published: SumScores | null;
}

/** Losses in nats at each logged step; NaN where a batch had no such case. */
export interface LossCurves {
  readonly step: readonly number[];
  readonly trainLoss: readonly number[];
  readonly testLoss: readonly number[];
  /** "A5" … "A0". */
  readonly digits: readonly string[];
  /** The columns of `lossColumns`. */
  readonly columns: Readonly<Record<string, Float32Array>>;
  /** Digits of each case in the batches trained on (infinite) or tested on (finite), over all steps. */
  readonly cases: Readonly<Record<string, number>>;
}

const publishedFile = "progress-measures/5_digit_addition_infinite.pth";
const publishedDigits = 5;

/** Random sums of a trained model, and of a published one. */
const sums = 20_000;
const publishedSums = 100_000;

export async function analyse(
  params: AdditionStudyParams,
  run: TrainedRun,
  context: StudyContext,
): Promise<AdditionResults> {
  const config = modelConfig(params);
  const last = await run.weights(run.checkpointSteps.at(-1) ?? 0);
  const curves = run.metrics.length === 0 ? null : lossCurves(params, run.metrics);
  return {
    curves,
    phases: curves === null ? [] : phasesOf(curves),
    batch: await openBatch(context, params, config, last),
    scores: await scoreSums(context, config, last, curves === null ? publishedSums : sums),
    circuit: await studyCircuit(context, config, run),
    published: params.digits === publishedDigits ? await publishedScores(context) : null,
  };
}

async function publishedScores(context: StudyContext): Promise<SumScores | null> {
  const bytes = await context.published(publishedFile);
  if (bytes === undefined) return null;
  const weights: WeightArrays = weightsOf(readPt(bytes));
  const config: HookedTransformerConfig = modelConfig(fit(additionParams.parse({}), weights));
  return scoreSums(context, config, weights, publishedSums);
}

/** The logged columns as curves. */
export function lossCurves(
  { digits, steps }: AdditionStudyParams,
  metrics: readonly MetricsRow[],
): LossCurves {
  const names = new Set(metrics.flatMap((row) => Object.keys(row)));
  const own = [...names].filter((name) => !ownColumns.has(name));
  const total = (name: string): number =>
    metrics.reduce((sum, row) => sum + (row.step < steps ? (row[name] ?? 0) : 0), 0);
  return {
    step: metrics.map((row) => row.step),
    trainLoss: metrics.map((row) => row.trainLoss),
    testLoss: metrics.map((row) => row.testLoss),
    digits: digitNames(digits),
    columns: Object.fromEntries(
      own.map((name) => [name, Float32Array.from(metrics, (row) => row[name] ?? Number.NaN)]),
    ),
    cases: Object.fromEntries(digitCases.map((one) => [one, total(`cases.${one}`)])),
  };
}

const ownColumns = new Set(["step", "trainLoss", "testLoss", "trainAccuracy", "testAccuracy"]);
