/** A finished run looked at again: its article with a view, without training. */

import { basename, dirname, join } from "node:path";
import type { BackendName } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { changedFields } from "../core/params.ts";
import { readModel } from "../interchange/index.ts";
import { fileLab, type Instruments, type Lab } from "../lab/index.ts";
import { readIfThere, writeWhole } from "./disk.ts";
import { outcome, type RunOutcome } from "./outcome.ts";
import { checkedPlans } from "./plan-check.ts";
import { type Asked, folderLab, htmlOf, pagePath, type Reading, readPage } from "./read-page.ts";
import { type RunRecord, readRecord, writeRecord } from "./record.ts";
import { backendFor, type RunOptions } from "./run-options.ts";
import { withThreads } from "./threads.ts";
import { finishedTrainings } from "./training-folder.ts";

/** Name of the weights that were analyzed, in the folder of the analysis. */
export const analysedName = "model.safetensors";

/** Whether nothing is looked at but what everybody sees. */
export function isPlain({ study, view }: Asked): boolean {
  return changedFields(study.view, view as Readonly<Record<string, unknown>>).length === 0;
}

/**
 * Read the article of the finished run, or of the analysis, in `folder` and write its page. Without a view
 * its claims are judged again; a view has a page of its own and leaves the record as it is, and so does
 * another device than that of the run.
 */
export async function viewRun(
  asked: Asked,
  folder: string,
  options: Omit<RunOptions, "out" | "fresh">,
): Promise<RunOutcome> {
  const record = await readRecord(folder);
  if (record === undefined || (record.state !== "done" && record.checkpoint === undefined)) {
    throw new InputError(
      `run ${basename(folder)}: not finished; run the same command again to finish it`,
    );
  }
  const begun = performance.now();
  const device = options.device ?? record.device;
  const reading: Reading = {
    ...options,
    device,
    backend: async (name) => withThreads(await backendFor(name, options), record.threads),
    folder,
    write: true,
    measuredOn: measuredOn(record, device),
  };
  const page = await readPage(asked, reading, await labOfRun(asked, folder, record, options));
  if (page === undefined) {
    return outcome(folder, record, { loaded: true, resumed: false, interrupted: true });
  }
  const plain = isPlain(asked);
  const { claims, metrics } = page;
  // An analysis ends here; a run that was done is only read again.
  const spent = record.state === "done" ? 0 : (performance.now() - begun) / 1000;
  const judged = { state: "done" as const, seconds: record.seconds + spent, claims, metrics };
  const shown = { ...record, device, ...(plain && judged) };
  const report = pagePath(folder, asked);
  await writeWhole(report, htmlOf(asked, page, shown), options.opener);
  if (plain && device === record.device) await writeRecord(folder, shown, options.opener);
  return outcome(folder, shown, { loaded: true, resumed: false, report });
}

/**
 * The part of what numbers depend on that the lab's models do not say: trainings say their own device and
 * threads, a model from a file says neither.
 */
function measuredOn(
  { checkpoint, device: own, threads }: RunRecord,
  device: BackendName,
): string | undefined {
  if (checkpoint !== undefined) return `${device} ${threads}`;
  return device === own ? undefined : device;
}

/** The lab of a run: its trainings, or the weights that were analyzed. */
async function labOfRun(
  asked: Asked,
  folder: string,
  { checkpoint }: RunRecord,
  { published }: Pick<RunOptions, "published">,
): Promise<(instruments: Instruments) => Lab | Promise<Lab>> {
  if (checkpoint !== undefined) {
    const file = readModel(await analyzed(folder), { where: `run ${basename(folder)}` });
    const { sha256, dataKnown = false } = checkpoint;
    return (instruments) =>
      fileLab({ ...file, sha256 }, instruments, { dataKnown, ...(published && { published }) });
  }
  const plans = checkedPlans(asked.study, asked.params);
  const trainings = await finishedTrainings(dirname(folder), plans);
  if (trainings === undefined) {
    throw new InputError(
      `run ${basename(folder)}: its training is not whole; run the same command again to finish it`,
    );
  }
  return folderLab(asked, trainings, published);
}

async function analyzed(folder: string): Promise<Uint8Array> {
  const bytes = await readIfThere(join(folder, analysedName));
  if (bytes !== undefined) return bytes;
  throw new InputError(
    `run ${basename(folder)}: ${analysedName} is missing; analyze the file again`,
  );
}
