/** Train one plan into a folder, from its last checkpoint when there is one. */

import { basename, join } from "node:path";
import type { Backend } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import type { TrainedRun } from "../studies/study.ts";
import {
  type Checkpoint,
  castWeights,
  due,
  type MetricsRow,
  type TrainingPlan,
  train,
} from "../train/index.ts";
import {
  checkpointFolder,
  checkpointSteps,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
} from "./checkpoint-files.ts";
import { type Opener, openOnDisk, removeUnfinished } from "./disk.ts";
import { MetricsLog, readMetrics } from "./metrics-file.ts";
import type { OnProgress } from "./progress.ts";

export interface PartOptions {
  /** Name of a companion; undefined for the study's own model. */
  readonly part: string | undefined;
  readonly backend: () => Promise<Backend>;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: OnProgress;
  readonly opener?: Opener;
}

export interface PartResult {
  /** Updates done; fewer than planned when it was stopped. */
  readonly step: number;
  readonly finished: boolean;
  /** Whether updates of an earlier sitting were kept. */
  readonly resumed: boolean;
}

/** Train `plan` into `folder`; nothing to do when its last checkpoint is there. */
export async function trainPart(
  folder: string,
  plan: TrainingPlan,
  options: PartOptions,
): Promise<PartResult> {
  await removeUnfinished(folder);
  await removeUnfinished(checkpointFolder(folder));
  const from = await lastCheckpoint(folder);
  const rows = await rowsUpTo(folder, plan, from?.step);
  if (from?.step === plan.steps) return { step: from.step, finished: true, resumed: true };
  const log = await MetricsLog.start(metricsPath(folder), rows, options.opener);
  try {
    return await sitting(folder, plan, from, log, options);
  } finally {
    await log.close();
  }
}

/** A finished part, as an analysis sees it: with weights in float32. */
export async function trainedPart(
  folder: string,
  plan: TrainingPlan,
  companions: Readonly<Record<string, TrainedRun>>,
): Promise<TrainedRun> {
  const { saves } = due(plan);
  const steps = (await checkpointSteps(folder)).filter(saves);
  return {
    metrics: await rowsUpTo(folder, plan, plan.steps),
    checkpointSteps: steps,
    weights: async (step) => castWeights((await readCheckpoint(folder, step)).weights, "float32"),
    companions,
  };
}

async function sitting(
  folder: string,
  plan: TrainingPlan,
  from: Checkpoint | undefined,
  log: MetricsLog,
  { part, backend, threads, signal, onProgress, opener = openOnDisk }: PartOptions,
): Promise<PartResult> {
  let step = from?.step ?? 0;
  const events = train(plan, await backend(), {
    from,
    threads,
    stopped: () => signal?.aborted === true,
    onStep: (done) => onProgress({ kind: "step", step: done }),
  });
  for (;;) {
    const event = await events.next();
    if (event.done) return { step, finished: event.value, resumed: from !== undefined };
    if (event.value.kind === "ready") {
      const { threads: used } = event.value;
      onProgress({ kind: "start", part, step, steps: plan.steps, threads: used });
    } else if (event.value.kind === "metrics") {
      await log.append(event.value.row);
      onProgress({ kind: "metrics", row: event.value.row });
    } else {
      await log.sync();
      await writeCheckpoint(folder, event.value.checkpoint, opener);
      step = event.value.checkpoint.step;
      if (event.value.scheduled) await removeUnscheduled(folder, plan, step);
    }
  }
}

/** Checkpoints that only a stop wrote go when a later one is there. */
async function removeUnscheduled(folder: string, plan: TrainingPlan, step: number): Promise<void> {
  const { saves } = due(plan);
  for (const other of await checkpointSteps(folder)) {
    if (other < step && !saves(other)) await removeCheckpoint(folder, other);
  }
}

async function lastCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const step = (await checkpointSteps(folder)).at(-1);
  return step === undefined ? undefined : readCheckpoint(folder, step);
}

/** The logged rows up to and with `step`, which must all be there. */
async function rowsUpTo(
  folder: string,
  plan: TrainingPlan,
  step: number | undefined,
): Promise<MetricsRow[]> {
  if (step === undefined) return [];
  const { logs } = due(plan);
  const path = metricsPath(folder);
  const rows = (await readMetrics(path)).filter((row) => row.step <= step);
  const expected = Array.from({ length: step + 1 }, (_, i) => i).filter(logs);
  if (rows.map((row) => row.step).join() !== expected.join()) {
    throw new InputError(
      `run ${basename(folder)}: half-written, metrics.jsonl lacks steps before ${step}; train anew with --fresh`,
    );
  }
  return rows;
}

function metricsPath(folder: string): string {
  return join(folder, "metrics.jsonl");
}
