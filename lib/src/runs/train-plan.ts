/** Train one plan into a folder, from its last checkpoint when there is one. */

import type { Backend } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import type { HeldTraining } from "../lab/index.ts";
import { castWeights, due, type TrainingPlan, train } from "../train/index.ts";
import { folderTitle } from "./canonical.ts";
import {
  checkpointFolder,
  checkpointSteps,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
} from "./checkpoint-files.ts";
import { makeFolder, type Opener, openOnDisk, removeUnfinished } from "./disk.ts";
import { FolderWatch } from "./folder-watch.ts";
import { holdsRows, keepRows, MetricsLog, readMetrics } from "./metrics-file.ts";
import type { OnProgress } from "./progress.ts";
import { intactSteps, metricsPath, type ResumePoint, resumePoint } from "./resume.ts";

export interface PlanOptions {
  /** Name of the plan in its study; undefined for the study's own model. */
  readonly part: string | undefined;
  /** Name of the record of the training. */
  readonly recordName: string;
  readonly backend: Backend;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: OnProgress;
  readonly opener?: Opener;
}

export interface PlanResult {
  /** Updates done; fewer than planned when it was stopped. */
  readonly step: number;
  readonly finished: boolean;
  /** Whether updates of an earlier sitting were kept. */
  readonly resumed: boolean;
}

/** Train `plan` into `folder`; nothing to do when its last checkpoint is there. */
export async function trainPlan(
  folder: string,
  plan: TrainingPlan,
  options: PlanOptions,
): Promise<PlanResult> {
  await removeUnfinished(folder);
  await removeUnfinished(checkpointFolder(folder));
  const from = await resumePoint(folder, plan);
  const step = from.checkpoint?.step;
  if (from.problem !== undefined) {
    options.onProgress({
      kind: "message",
      text: `${from.problem}; training ${step === undefined ? "begins again, with the same bytes" : `goes on from step ${step}`}`,
    });
  }
  if (step === plan.steps) {
    await keepRows(metricsPath(folder), from.rows, options.opener);
    await removeUnscheduled(folder, plan, step);
    return { step, finished: true, resumed: true };
  }
  await makeFolder(checkpointFolder(folder));
  const log = await MetricsLog.start(metricsPath(folder), from.rows, options.opener);
  try {
    return await sitting(folder, plan, from, log, options);
  } finally {
    await log.close();
  }
}

/**
 * Whether every checkpoint of a finished training is sound and there is nothing beside what the plan asks
 * for. Throws `InputError` when training could not go on.
 */
export async function isWhole(folder: string, plan: TrainingPlan): Promise<boolean> {
  const { checkpoint, problem, rows } = await resumePoint(folder, plan);
  if (checkpoint?.step !== plan.steps || problem !== undefined) return false;
  return (
    (await holdsRows(metricsPath(folder), rows)) &&
    (await unscheduledSteps(folder, plan, plan.steps)).length === 0
  );
}

/**
 * A finished training, with weights in float32; `address` is what it is known by. Throws `InputError`
 * when a scheduled checkpoint or row is missing.
 */
export async function heldIn(
  folder: string,
  plan: TrainingPlan,
  address: string,
): Promise<HeldTraining> {
  const { saves } = due(plan);
  const present = await checkpointSteps(folder);
  const intact = intactSteps(plan, present, await readMetrics(metricsPath(folder)));
  const problem = present.includes(plan.steps)
    ? intact.problem
    : `the checkpoint of step ${plan.steps} is missing`;
  if (problem !== undefined) {
    throw new InputError(
      `${folderTitle(folder)}: ${problem}; run the same command again to train from the checkpoint before it`,
    );
  }
  return {
    address,
    rows: intact.rows,
    steps: present.filter((step) => step <= plan.steps && saves(step)),
    weights: async (step) => castWeights((await readCheckpoint(folder, step)).weights, "float32"),
  };
}

async function sitting(
  folder: string,
  plan: TrainingPlan,
  { checkpoint: from }: ResumePoint,
  log: MetricsLog,
  { part, recordName, backend, signal, onProgress, opener = openOnDisk }: PlanOptions,
): Promise<PlanResult> {
  let step = from?.step ?? 0;
  const watch = await FolderWatch.start(folder, [checkpointFolder(folder)], recordName);
  const events = train(plan, backend, {
    from,
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
      await watch.check();
      await log.sync();
      await writeCheckpoint(folder, event.value.checkpoint, plan, opener);
      step = event.value.checkpoint.step;
      if (event.value.scheduled) await removeUnscheduled(folder, plan, step);
    }
  }
}

/** Delete checkpoints that were written only because training was stopped, once a later one exists. */
async function removeUnscheduled(folder: string, plan: TrainingPlan, step: number): Promise<void> {
  for (const other of await unscheduledSteps(folder, plan, step)) {
    await removeCheckpoint(folder, other);
  }
}

/** Steps of checkpoints before `step` that the plan does not ask for. */
async function unscheduledSteps(folder: string, plan: TrainingPlan, step: number) {
  const { saves } = due(plan);
  return (await checkpointSteps(folder)).filter((other) => other < step && !saves(other));
}
