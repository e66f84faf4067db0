/** What `--fresh` deletes: a run with its trainings, all of it or nothing. */

import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { InputError } from "../core/errors.ts";
import { explain, listIfThere } from "./disk.ts";
import { isHeld, lockName, takeLock } from "./lock.ts";
import type { Plans } from "./plan-check.ts";
import { readRecord, recordName } from "./record.ts";
import { lockOptions, type RunOptions } from "./run-options.ts";
import { trainingFolder, trainingRecordName } from "./training-folder.ts";

/**
 * Delete a run, whose lock is held here, and its trainings. Throws `InputError`, with nothing deleted,
 * while another process works with one of them.
 */
export async function forget(folder: string, plans: Plans, options: RunOptions): Promise<void> {
  const trainings = new Set<string>();
  for (const plan of Object.values(plans)) trainings.add(await trainingFolder(options.out, plan));
  const releases: (() => Promise<void>)[] = [];
  try {
    for (const training of trainings) {
      releases.push(await takeLock(training, lockOptions(options)));
    }
    await requireUnread(folder, trainings, options.out);
    await emptyFolder(folder, recordName);
    for (const training of trainings) await emptyFolder(training, trainingRecordName);
  } finally {
    for (const release of releases) await release();
  }
}

/** Throws `InputError` while another run in `out` works with one of the trainings. */
async function requireUnread(
  folder: string,
  trainings: ReadonlySet<string>,
  out: string,
): Promise<void> {
  const names = new Set([...trainings].map((training) => basename(training)));
  for (const name of (await listIfThere(out)) ?? []) {
    if (name === basename(folder)) continue;
    const other = join(out, name);
    const shared = (await trainingsOf(other)).find((training) => names.has(training));
    if (shared === undefined || !(await isHeld(other))) continue;
    throw new InputError(
      `run ${basename(folder)}: --fresh would delete training ${shared}, with which run ${name} works; wait for it or stop it`,
    );
  }
}

/** Names of the trainings of a run; none of what is no run, or cannot be read. */
async function trainingsOf(folder: string): Promise<readonly string[]> {
  try {
    return (await readRecord(folder))?.trainings ?? [];
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

/** Delete everything but the lock; the record first, so that half of a run is never taken for a whole. */
async function emptyFolder(folder: string, record: string): Promise<void> {
  const names = (await listIfThere(folder)) ?? [];
  const others = names.filter((name) => name !== lockName && name !== record);
  try {
    for (const name of [record, ...others]) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  } catch (error) {
    throw explain(error, folder);
  }
}
