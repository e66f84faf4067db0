/** The report of a finished run, made anew. */

import { basename, resolve } from "node:path";
import { InputError, UnknownNameError } from "../core/errors.ts";
import type { Study } from "../studies/study.ts";
import { listRuns } from "./list-runs.ts";
import { takeLock } from "./lock.ts";
import { outcome, type RunOutcome } from "./outcome.ts";
import { type RunRecord, readRecord, writeRecord } from "./record.ts";
import { rewriteReport } from "./results.ts";

/** The folder of a run given by its name in `out` or by its path. */
export async function findRun(out: string, nameOrPath: string): Promise<string> {
  for (const folder of [resolve(out, nameOrPath), resolve(nameOrPath)]) {
    if ((await readRecord(folder)) !== undefined) return folder;
  }
  const { runs } = await listRuns(out);
  if (runs.length === 0) throw new InputError(`report: there are no runs in ${resolve(out)}`);
  const names = runs.map(({ name }) => name);
  throw new UnknownNameError("report", "run", nameOrPath, names);
}

/** Write the report of the run in `folder` anew from its results; its claims are judged again. */
export async function rebuildReport(
  studyOf: (record: RunRecord) => Study<unknown, unknown>,
  folder: string,
): Promise<RunOutcome> {
  const release = await takeLock(folder);
  try {
    const record = await readRecord(folder);
    if (record?.state !== "done") {
      throw new InputError(
        `run ${basename(folder)}: not finished; run the same command again to finish it`,
      );
    }
    const study = studyOf(record);
    const conclusion = await rewriteReport(
      study,
      study.params.parse(record.params),
      folder,
      record,
    );
    const done = { ...record, ...conclusion };
    await writeRecord(folder, done);
    return outcome(folder, done, { loaded: true, resumed: false });
  } finally {
    await release();
  }
}
