/** The report of a finished run, written again. */

import { basename, resolve } from "node:path";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import type { Study } from "../lab/index.ts";
import { isThere } from "./disk.ts";
import { listRuns } from "./list-runs.ts";
import { takeLock } from "./lock.ts";
import type { RunOutcome } from "./outcome.ts";
import { type RunRecord, readRecord, sentenceOf } from "./record.ts";
import { lockOptions, type RunOptions } from "./run-options.ts";
import { viewRun } from "./view-run.ts";

/** The folder of a run given by its name in `out` or by its path. */
export async function findRun(out: string, nameOrPath: string): Promise<string> {
  for (const folder of [resolve(out, nameOrPath), resolve(nameOrPath)]) {
    if ((await readRecord(folder)) !== undefined) return folder;
  }
  const { runs } = (await isThere(out)) ? await listRuns(out) : { runs: [] };
  if (runs.length === 0) throw new InputError(`report: there are no runs in ${resolve(out)}`);
  const names = runs.map(({ name }) => name);
  throw new UnknownNameError("report", "run", nameOrPath, names);
}

/** The study of a run, and what to look at. */
export interface Found {
  readonly study: Study;
  readonly view: unknown;
}

const rebuildNames: OptionNames<Omit<RunOptions, "out" | "fresh">> = {
  device: true,
  backend: true,
  signal: true,
  onProgress: true,
  published: true,
  opener: true,
  threads: true,
};

/**
 * Write the report of the run in `folder` again; its claims are judged again. A view is written to a
 * page of its own.
 */
export async function rebuildReport(
  studyOf: (record: RunRecord) => Found,
  folder: string,
  options: Omit<RunOptions, "out" | "fresh"> = {},
): Promise<RunOutcome> {
  checkOptions("rebuildReport", options, rebuildNames);
  const release = await takeLock(folder, lockOptions(options));
  try {
    const record = await readRecord(folder);
    if (record?.state !== "done") {
      throw new InputError(
        `run ${basename(folder)}: not finished; run the same command again to finish it`,
      );
    }
    const { study, view } = studyOf(record);
    if (study.name !== record.study) {
      throw new InputError(
        `run ${basename(folder)}: is of the study ${record.study}, got ${study.name}; choose ${record.study}`,
      );
    }
    const params = study.params.safeParse(record.params);
    if (!params.success) {
      throw new InputError(
        `run ${basename(folder)}: its parameters are not valid for this version of ${study.name}: ${sentenceOf(params.error)}; train again with --fresh`,
      );
    }
    return await viewRun({ study, params: params.data, view }, folder, options);
  } finally {
    await release();
  }
}
