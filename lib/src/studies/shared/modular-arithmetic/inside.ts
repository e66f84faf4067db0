/** A model of a + b modulo p, opened up at one checkpoint: what every section about it needs. */

import { z } from "zod";
import type { Snapshot, Training } from "../../../lab/index.ts";
import {
  type Before,
  beforeTraining,
  type Circuit,
  circuit,
  type Progress,
  progress,
} from "./measure.ts";
import type { SplitParams } from "./split.ts";

const index = z.int().min(0).optional();

/** What a reader may look at. */
export const pairView = z.strictObject({
  step: index.meta({ description: "checkpoint to look at; by default the last", unit: "steps" }),
  neuron: index.meta({
    description: "neuron to look at; by default the clearest of the largest cluster",
  }),
  head: index.meta({ description: "attention head to look at; by default 0" }),
  pair: z
    .array(z.int().min(0))
    .length(2)
    .optional()
    .meta({ description: "two numbers to give the model, as in 31,64; by default none" }),
});
export type PairView = z.infer<typeof pairView>;

/** One checkpoint on the way. */
export type Moment = Progress & { readonly step: number };

/** A checkpoint, and what it is compared with. */
export interface Opened {
  /** Name of the study, for messages. */
  readonly study: string;
  readonly snapshot: Snapshot;
  readonly seen: Circuit;
  /** Before training; undefined where that is not known, or is what is looked at. */
  readonly before: Before | undefined;
  /** All checkpoints of the training; none for a file. */
  readonly moments: readonly Moment[];
  readonly view: PairView;
  /** Whether `seen` knows what was trained on. */
  readonly dataKnown: boolean;
}

/**
 * Open the checkpoint that is looked at. Frequencies are key when they are so at the last checkpoint,
 * whichever is looked at (Nanda et al. 2023, section 5.1).
 */
export async function open(
  study: string,
  training: Training,
  split: SplitParams,
  view: PairView,
  dataKnown: boolean,
): Promise<Opened> {
  const task = splitOf(split);
  const last = await training.at().measure(circuit, task);
  const snapshot = training.at(view.step);
  const key = last.keyFrequencies;
  const isLast = snapshot.step === training.at().step;
  const seen = isLast ? last : await snapshot.measure(circuit, task, key);
  const [first] = training.steps;
  const trained = first === 0 && snapshot.step !== 0;
  const before = trained ? await training.at(0).measure(beforeTraining) : undefined;
  const moments: Moment[] = [];
  for (const step of training.steps) {
    moments.push({ step, ...(await training.at(step).measure(progress, task, key)) });
  }
  return { study, snapshot, seen, before, moments, view, dataKnown };
}

/** The parameters of a split alone, so that nothing else is part of a measurement's key. */
export function splitOf(params: SplitParams): SplitParams {
  const { operation, p, trainFraction, dataSeed, splitGenerator } = params;
  return { operation, p, trainFraction, dataSeed, splitGenerator };
}
