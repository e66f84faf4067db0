/** The runs of a folder. */

import { dirname, join, relative, resolve } from "node:path";
import { InputError } from "../core/errors.ts";
import type { MetricsRow } from "../train/index.ts";
import { trainingsName } from "./canonical.ts";
import { isThere, listIfThere, statIfThere } from "./disk.ts";
import { isHeld } from "./lock.ts";
import { readMetrics } from "./metrics-file.ts";
import { type RunRecord, readRecord } from "./record.ts";
import { metricsPath, stepReached } from "./resume.ts";
import { trainingRecordName } from "./training-folder.ts";

/** `training`: a process works on it. `stopped`: none does; the same command goes on with it. */
export type RunStatus = "training" | "stopped" | "failed" | "done";

/** A line of the table of runs. */
export interface ListedRun {
  readonly name: string;
  readonly folder: string;
  readonly record: RunRecord;
  readonly status: RunStatus;
  /** Updates done in all of its trainings. */
  readonly step: number;
  /** The last logged row, when there is one. */
  readonly last: MetricsRow | undefined;
}

/**
 * Every run in `out`, by name, and a sentence for each file of a run that cannot be read or is
 * damaged. Throws `InputError` when `out` is not there or cannot be read.
 */
export async function listRuns(
  out: string,
): Promise<{ readonly runs: readonly ListedRun[]; readonly unreadable: readonly string[] }> {
  const names = await listIfThere(out);
  if (names === undefined) throw new InputError(`runs: there is no folder ${out}`);
  const runs: ListedRun[] = [];
  const unreadable: string[] = [];
  for (const name of names) {
    try {
      const listed = await listedRun(name, resolve(out, name));
      if (listed === undefined) continue;
      runs.push(listed.run);
      unreadable.push(...listed.damages);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      unreadable.push(error.message);
    }
  }
  return { runs, unreadable };
}

/** Undefined for what is no run. */
async function listedRun(
  name: string,
  folder: string,
): Promise<{ readonly run: ListedRun; readonly damages: readonly string[] } | undefined> {
  if ((await statIfThere(folder))?.isDirectory() !== true) return undefined;
  const record = await readRecord(folder);
  if (record === undefined) return undefined;
  const status = await statusOf(folder, record);
  const [own = folder] = trainingFolders(folder, record);
  const { rows, damaged } = await readMetrics(metricsPath(own));
  const step = status === "done" ? record.step : await totalReached(folder, record);
  const run = { name, folder, record, status, step, last: rows.at(-1) };
  const lost = status === "done" ? await missingTrainings(folder, record) : [];
  const damages = [
    ...(damaged === undefined ? [] : [`run ${name}: line ${damaged} of metrics.jsonl is damaged`]),
    ...lost.map((path) => `run ${name}: ${path} is missing; run the same command again`),
  ];
  return { run, damages };
}

async function statusOf(folder: string, { state }: RunRecord): Promise<RunStatus> {
  if (state === "done") return "done";
  if (await isHeld(folder)) return "training";
  return state === "failed" ? "failed" : "stopped";
}

/** Folders of the trainings of a run, its own model first. */
function trainingFolders(folder: string, { trainings = [] }: RunRecord): string[] {
  return trainings.map((name) => join(dirname(folder), trainingsName, name));
}

/** The records of trainings that are not there, as paths from the folder of runs. */
async function missingTrainings(folder: string, record: RunRecord): Promise<string[]> {
  const lost: string[] = [];
  for (const training of trainingFolders(folder, record)) {
    const path = join(training, trainingRecordName);
    if (!(await isThere(path))) lost.push(relative(dirname(folder), path));
  }
  return lost;
}

/** Updates done in all trainings of a run. */
async function totalReached(folder: string, record: RunRecord): Promise<number> {
  const reached = await Promise.all(trainingFolders(folder, record).map(stepReached));
  return reached.reduce((sum, step) => sum + step, 0);
}
