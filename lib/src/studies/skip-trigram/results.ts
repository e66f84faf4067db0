import { TorchGenerator } from "../../rng/index.ts";
import { drawSkipTrigrams, isSignal } from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import type { MetricsRow } from "../../train/metrics.ts";
import { type Curves, curvesOf } from "../shared/curves.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import { mean, type OpenedModel, openModel, type Score, scoreOn } from "./open.ts";
import type { SkipTrigramStudyParams } from "./params.ts";
import { printedEpochs, startOf, updatesPerEpoch } from "./plan.ts";
import { printedSequence } from "./printed.ts";

/** Everything the report draws. */
export interface SkipTrigramResults {
  readonly data: DataSummary;
  /** The first epochs as the notebook counts them; empty without training. */
  readonly epochs: EpochTable;
  /** After each epoch. */
  readonly curves: Curves & PartCurves;
  /** The model after the notebook's 60 epochs; null when it was not saved. */
  readonly printed: OpenedModel | null;
  readonly final: OpenedModel;
  readonly fresh: FreshScores;
}

export interface DataSummary {
  /** The first ten training sequences and their labels. */
  readonly first: readonly { readonly tokens: readonly number[]; readonly label: number }[];
  /** How often each label occurs in the training set, of signal and of noise. */
  readonly signalLabels: readonly number[];
  readonly noiseLabels: readonly number[];
  readonly testLabels: readonly number[];
  readonly testSignal: number;
}

/** Mean losses in nats. Train: over the batches of the epoch, each before its update; test: after it. */
export interface EpochTable {
  readonly epoch: readonly number[];
  readonly trainLoss: readonly number[];
  readonly trainAccuracy: readonly number[];
  readonly testLoss: readonly number[];
  readonly testAccuracy: readonly number[];
}

export interface PartCurves {
  readonly signalLoss: readonly number[];
  readonly noiseLoss: readonly number[];
  readonly signalAccuracy: readonly number[];
  readonly noiseAccuracy: readonly number[];
}

/** On new sequences, as many as in the training set. */
export interface FreshScores {
  readonly all: Score;
  readonly signal: Score;
  readonly noise: Score;
  /** The best that knowing the rule can give. */
  readonly best: { readonly accuracy: number; readonly loss: number };
}

export async function analyse(
  params: SkipTrigramStudyParams,
  run: TrainedRun,
  { backend, progress }: StudyContext,
): Promise<SkipTrigramResults> {
  progress("opening the model");
  const perEpoch = updatesPerEpoch(params);
  const printedStep = printedEpochs * perEpoch;
  const last = run.checkpointSteps.at(-1) ?? 0;
  const open = async (step: number): Promise<OpenedModel> =>
    openModel(backend, params, await run.weights(step), printedSequence);
  const { split } = startOf(params);
  const atEpochs = run.metrics.filter(({ step }) => step % perEpoch === 0);
  return {
    data: summarise(split.train, split.test),
    epochs: epochTable(run.metrics, perEpoch),
    curves: { ...curvesOf(atEpochs), ...partCurves(atEpochs) },
    printed:
      run.metrics.length > 0 && run.checkpointSteps.includes(printedStep)
        ? await open(printedStep)
        : null,
    final: await open(last),
    fresh: await freshScores(backend, params, await run.weights(last)),
  };
}

function summarise(train: Examples, test: Examples): DataSummary {
  const counts = (examples: Examples, keep: (signal: boolean) => boolean): number[] => {
    const signal = isSignal(examples.tokens);
    const out = Array<number>(11).fill(0);
    for (const [row, label] of examples.labels.data.entries()) {
      if (keep(signal[row] as boolean)) out[label] = (out[label] as number) + 1;
    }
    return out;
  };
  const length = train.tokens.shape[1] as number;
  return {
    first: Array.from({ length: Math.min(10, train.labels.data.length) }, (_, row) => ({
      tokens: [...train.tokens.data.subarray(row * length, (row + 1) * length)],
      label: train.labels.data[row] as number,
    })),
    signalLabels: counts(train, (signal) => signal),
    noiseLabels: counts(train, (signal) => !signal),
    testLabels: counts(test, () => true),
    testSignal: isSignal(test.tokens).filter(Boolean).length,
  };
}

/** The epochs of which every batch was logged, at most the 60 of the notebook. */
export function epochTable(metrics: readonly MetricsRow[], perEpoch: number): EpochTable {
  const byStep = new Map(metrics.map((row) => [row.step, row]));
  const table = Array.from({ length: printedEpochs }, (_, i) => {
    const batches = Array.from({ length: perEpoch }, (_, k) => byStep.get(i * perEpoch + k));
    const after = byStep.get((i + 1) * perEpoch);
    if (after === undefined || batches.includes(undefined)) return [];
    const rows = batches as MetricsRow[];
    return [
      {
        epoch: i + 1,
        trainLoss: mean(rows.map((row) => row.trainLoss)),
        trainAccuracy: mean(rows.map((row) => row.trainAccuracy)),
        testLoss: after.testLoss,
        testAccuracy: after.testAccuracy,
      },
    ];
  }).flat();
  return {
    epoch: table.map((row) => row.epoch),
    trainLoss: table.map((row) => row.trainLoss),
    trainAccuracy: table.map((row) => row.trainAccuracy),
    testLoss: table.map((row) => row.testLoss),
    testAccuracy: table.map((row) => row.testAccuracy),
  };
}

function partCurves(metrics: readonly MetricsRow[]): PartCurves {
  const column = (name: string): number[] => metrics.map((row) => row[name] ?? Number.NaN);
  return {
    signalLoss: column("testSignalLoss"),
    noiseLoss: column("testNoiseLoss"),
    signalAccuracy: column("testSignalAccuracy"),
    noiseAccuracy: column("testNoiseAccuracy"),
  };
}

async function freshScores(
  backend: StudyContext["backend"],
  params: SkipTrigramStudyParams,
  weights: Awaited<ReturnType<TrainedRun["weights"]>>,
): Promise<FreshScores> {
  const rng = new TorchGenerator((params.seed + 1) % 2 ** 32);
  const examples = drawSkipTrigrams(params, rng, params.trainCount);
  const each = await scoreOn(backend, params, weights, examples);
  const signal = isSignal(examples.tokens);
  const score = (keep: (signal: boolean) => boolean): Score => {
    const rows = each.filter((_, row) => keep(signal[row] as boolean));
    return {
      count: rows.length,
      accuracy: mean(rows.map(({ hit }) => Number(hit))),
      loss: mean(rows.map(({ loss }) => loss)),
    };
  };
  const noise = 1 - 1 / params.oneIn;
  return {
    all: score(() => true),
    signal: score((is) => is),
    noise: score((is) => !is),
    best: { accuracy: 1 - noise + noise / 11, loss: noise * Math.log(11) },
  };
}
