/** The runs of a folder. */

import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { InputError } from "../core/errors.ts";
import type { MetricsRow } from "../train/index.ts";
import { readMetrics } from "./metrics-file.ts";
import { type RunRecord, readRecord } from "./record.ts";

/** A line of the table of runs. */
export interface ListedRun {
  readonly name: string;
  readonly folder: string;
  readonly record: RunRecord;
  /** The last logged row, when there is one. */
  readonly last: MetricsRow | undefined;
}

/** Every run in `out`, by name, and a sentence for each folder that cannot be read. */
export async function listRuns(
  out: string,
): Promise<{ readonly runs: readonly ListedRun[]; readonly unreadable: readonly string[] }> {
  const runs: ListedRun[] = [];
  const unreadable: string[] = [];
  for (const name of (await readdir(out).catch(() => [])).sort()) {
    const folder = resolve(out, name);
    try {
      const record = await readRecord(folder);
      if (record === undefined) continue;
      const last = (await readMetrics(join(folder, "metrics.jsonl"))).at(-1);
      runs.push({ name, folder, record, last });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      unreadable.push(error.message);
    }
  }
  return { runs, unreadable };
}
