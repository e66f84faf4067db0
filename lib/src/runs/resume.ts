/** Where an interrupted training goes on. */

import { basename, join } from "node:path";
import { InputError } from "../core/errors.ts";
import { type Checkpoint, due, type MetricsRow, type TrainingPlan } from "../train/index.ts";
import { checkpointSteps, findCheckpoint } from "./checkpoint-files.ts";
import { type Metrics, readMetrics } from "./metrics-file.ts";

/** What training goes on from. */
export interface ResumePoint {
  /** Undefined: nothing was trained yet. */
  readonly checkpoint: Checkpoint | undefined;
  /** The logged rows up to the checkpoint. */
  readonly rows: readonly MetricsRow[];
  /** Why the last checkpoint was not taken, if it was not. */
  readonly problem: string | undefined;
}

/** The part of a run that is intact: every scheduled checkpoint and every row before a step. */
export interface Intact {
  /** Checkpoints before the first gap, the last one first. */
  readonly steps: readonly number[];
  /** What the gap is. */
  readonly problem: string | undefined;
}

/** Path of the metrics of a run or of a companion. */
export function metricsPath(folder: string): string {
  return join(folder, "metrics.jsonl");
}

/** Which of the checkpoints `present` training can go on from, given the plan and the rows. */
export function intactSteps(
  plan: TrainingPlan,
  present: readonly number[],
  metrics: Metrics,
): Intact {
  const { logs, saves } = due(plan);
  const known = present.filter((step) => step <= plan.steps);
  const there = new Set(known);
  const last = known.at(-1) ?? -1;
  let row = 0;
  for (let step = 0; step <= last; step++) {
    const noRow = logs(step) && metrics.rows[row++]?.step !== step;
    const noCheckpoint = saves(step) && !there.has(step);
    if (!noRow && !noCheckpoint) continue;
    const steps = known.filter((other) => other < step).reverse();
    const line = metrics.damaged === undefined ? "" : ` (line ${metrics.damaged} is damaged)`;
    const problem = noRow
      ? `metrics.jsonl has no row of step ${step}${line}`
      : `the checkpoint of step ${step} is missing`;
    return { steps, problem };
  }
  return { steps: known.reverse(), problem: undefined };
}

/**
 * The last sound checkpoint that has every scheduled checkpoint and every row before it. Throws
 * `InputError` when something cannot be read, and when training went on but no checkpoint is left.
 */
export async function resumePoint(folder: string, plan: TrainingPlan): Promise<ResumePoint> {
  const present = await checkpointSteps(folder);
  const metrics = await readMetrics(metricsPath(folder));
  const intact = intactSteps(plan, present, metrics);
  let { problem } = intact;
  for (const step of intact.steps) {
    const { checkpoint, damage } = await findCheckpoint(folder, step);
    if (checkpoint !== undefined) {
      return { checkpoint, rows: metrics.rows.filter((row) => row.step <= step), problem };
    }
    problem ??= damage;
  }
  const begun = present.length > 0 || metrics.rows.some((row) => row.step > 0);
  if (!begun) return { checkpoint: undefined, rows: [], problem: undefined };
  throw new InputError(
    `run ${basename(folder)}: ${problem ?? "its checkpoints are missing"}, and no earlier checkpoint can be used; train again with --fresh`,
  );
}

/** Updates that were done in `folder`, judging by its rows and checkpoints. */
export async function stepReached(folder: string): Promise<number> {
  const { rows } = await readMetrics(metricsPath(folder));
  const last = (await checkpointSteps(folder)).at(-1) ?? 0;
  return Math.max(rows.at(-1)?.step ?? 0, last);
}
