/** Where an interrupted training goes on. */

import { join } from "node:path";
import { type Checkpoint, due, type MetricsRow, type TrainingPlan } from "../train/index.ts";
import { checkpointSteps, findCheckpoint } from "./checkpoint-files.ts";
import { type Metrics, readMetrics } from "./metrics-file.ts";

/** What training goes on from. */
export interface ResumePoint {
  /** Undefined: nothing was trained yet. */
  readonly checkpoint: Checkpoint | undefined;
  /** The logged rows up to the checkpoint. */
  readonly rows: readonly MetricsRow[];
  /** Why training does not go on from the last checkpoint, if it does not. */
  readonly problem: string | undefined;
}

/** The part of a training that is complete: every scheduled checkpoint and every row before a step. */
export interface Intact {
  /** Steps of the checkpoints before the first gap, ascending. */
  readonly steps: readonly number[];
  /** The scheduled rows before the first gap, each of them once. */
  readonly rows: readonly MetricsRow[];
  /** What the gap is. */
  readonly problem: string | undefined;
}

/** Path of the metrics of a training. */
export function metricsPath(folder: string): string {
  return join(folder, "metrics.jsonl");
}

/** Which of the checkpoints `present` and of the rows training can go on from, given the plan. */
export function intactSteps(
  plan: TrainingPlan,
  present: readonly number[],
  metrics: Metrics,
): Intact {
  const { logs, saves } = due(plan);
  const known = present.filter((step) => step <= plan.steps);
  const there = new Set(known);
  const last = known.at(-1) ?? -1;
  let count = 0;
  for (let step = 0; step <= last; step++) {
    const noRow = logs(step) && metrics.rows[count]?.step !== step;
    const noCheckpoint = saves(step) && !there.has(step);
    if (noRow || noCheckpoint) {
      const line = metrics.damaged === undefined ? "" : ` (line ${metrics.damaged} is damaged)`;
      const problem = noRow
        ? `metrics.jsonl has no row of step ${step}${line}`
        : `the checkpoint of step ${step} is missing`;
      const steps = known.filter((other) => other < step);
      return { steps, rows: metrics.rows.slice(0, count), problem };
    }
    if (logs(step)) count++;
  }
  return { steps: known, rows: metrics.rows.slice(0, count), problem: undefined };
}

/**
 * The last checkpoint before which every scheduled checkpoint is sound and every row is there. Reads
 * all of them, so that a run never ends with a damaged one. Throws `InputError` when something cannot
 * be read. Where no checkpoint is left, training begins again: the plan says its start.
 */
export async function resumePoint(folder: string, plan: TrainingPlan): Promise<ResumePoint> {
  const present = await checkpointSteps(folder);
  const metrics = await readMetrics(metricsPath(folder));
  const intact = intactSteps(plan, present, metrics);
  const { saves } = due(plan);
  let checkpoint: Checkpoint | undefined;
  let { problem } = intact;
  for (const step of intact.steps) {
    const found = await findCheckpoint(folder, step);
    const needed = saves(step) || step === intact.steps.at(-1);
    checkpoint = found.checkpoint ?? checkpoint;
    if (found.checkpoint !== undefined || !needed) continue;
    problem = found.damage;
    break;
  }
  if (checkpoint !== undefined) {
    const { step } = checkpoint;
    return { checkpoint, rows: intact.rows.filter((row) => row.step <= step), problem };
  }
  const begun = present.length > 0 || metrics.rows.some((row) => row.step > 0);
  if (!begun) return { checkpoint, rows: [], problem: undefined };
  return { checkpoint, rows: [], problem: problem ?? "all checkpoints are missing" };
}

/** Updates that were done in `folder`, judging by its rows and checkpoints. */
export async function stepReached(folder: string): Promise<number> {
  const { rows } = await readMetrics(metricsPath(folder));
  const last = (await checkpointSteps(folder)).at(-1) ?? 0;
  return Math.max(rows.at(-1)?.step ?? 0, last);
}
