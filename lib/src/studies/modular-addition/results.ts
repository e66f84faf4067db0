/** The study's results: plain numbers, everything its claims and figures are made of. */

import {
  fourierBasis,
  type ModularAdditionAnalysis,
  rows,
  type Spectrum,
  spectrum,
  svd,
} from "../../analysis/index.ts";
import type { NdArray } from "../../core/nd.ts";
import type { HookedTransformerConfig } from "../../models/index.ts";
import { hookedTransformer } from "../../models/index.ts";
import type { Examples, Split } from "../../tasks/task.ts";
import { modularSplit, pairIndices } from "../modular-arithmetic/split.ts";
import { type Curves, curvesOf } from "../shared/curves.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import { analyseCircuit, type Circuit, type Progress, pick, progressOf } from "./circuit.ts";
import type { ModularAdditionParams } from "./params.ts";
import { modelConfig } from "./plan.ts";
import { type PublishedRun, publishedRun } from "./published.ts";

export interface ModularAdditionResults {
  /** Null where the data of the weights are not known. */
  readonly split: SplitSummary | null;
  /** Empty when a checkpoint was analysed without training. */
  readonly curves: Curves;
  /** Null for an operation other than a + b. */
  readonly circuit: CircuitResults | null;
  /** The published run with weight decay 0.1; null where the file is not at hand. */
  readonly published: PublishedRun | null;
}

/** A model of a + b, opened up. */
export interface CircuitResults {
  readonly analysis: ModularAdditionAnalysis;
  /** Whether the split of `analysis` is the one that the weights were trained on. */
  readonly dataKnown: boolean;
  /** The embedding before training; null when only one checkpoint is there. */
  readonly untrained: EmbeddingControl | null;
  /** Null when only one checkpoint is there. */
  readonly progress: Progress | null;
}

export interface EmbeddingControl {
  readonly singularValues: readonly number[];
  readonly spectrum: Spectrum;
}

/** The first rows of each part, as the notebook prints them, and the sizes. */
export interface SplitSummary {
  readonly train: ExamplesSummary;
  readonly test: ExamplesSummary;
}

export interface ExamplesSummary {
  readonly count: number;
  /** The first five sequences, flattened: 5 times 3 tokens. */
  readonly tokens: readonly number[];
  /** Their labels. */
  readonly labels: readonly number[];
}

export async function analyse(
  params: ModularAdditionParams,
  run: TrainedRun,
  context: StudyContext,
): Promise<ModularAdditionResults> {
  const split = modularSplit(params);
  const trainIndices = pairIndices(split.train, params.p);
  const circuit: Circuit<HookedTransformerConfig> = {
    model: hookedTransformer,
    config: modelConfig(params),
    p: params.p,
    trainIndices,
    effective: async (weights) => weights,
  };
  return {
    split: run.dataKnown === false ? null : summarise(split),
    curves: curvesOf(run.metrics),
    circuit: params.operation === "a+b" ? await openUp(circuit, run, context) : null,
    published: await publishedRun(context),
  };
}

/** Analyse the last checkpoint, and the way there when there are earlier ones. */
export async function openUp<C>(
  circuit: Circuit<C>,
  run: TrainedRun,
  context: StudyContext,
): Promise<CircuitResults> {
  const { p } = circuit;
  context.progress("analysing the final model");
  const last = await run.weights(run.checkpointSteps.at(-1) ?? 0);
  const analysis = await analyseCircuit(context.backend, circuit, last);
  const opened = { analysis, dataKnown: run.dataKnown !== false };
  if (run.checkpointSteps.length < 2) return { ...opened, untrained: null, progress: null };
  context.progress(`following ${run.checkpointSteps.length} checkpoints`);
  const basis = fourierBasis(p);
  const progress = await progressOf(
    context.backend,
    circuit,
    run,
    analysis.keyFrequencies,
    (W_E) => spectrum(basis, rows("W_E", W_E, 0, p)).frequencyNorms,
  );
  const initial = await run.weights(run.checkpointSteps[0] ?? 0);
  return { ...opened, untrained: embeddingControl(pick(initial, "embed.W_E"), p), progress };
}

function embeddingControl(W_E: NdArray, p: number): EmbeddingControl {
  const own = rows("W_E", W_E, 0, p);
  return { singularValues: svd(own).S, spectrum: spectrum(fourierBasis(p), own) };
}

export function summarise({ train, test }: Split): SplitSummary {
  const firstFive = ({ tokens, labels }: Examples): ExamplesSummary => ({
    count: labels.data.length,
    tokens: [...tokens.data.subarray(0, 15)],
    labels: [...labels.data.subarray(0, 5)],
  });
  return { train: firstFive(train), test: firstFive(test) };
}
