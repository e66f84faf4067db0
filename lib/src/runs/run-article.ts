/** A study that is an article, from parameters to a page: train what it asks for, read it, report. */

import { basename } from "node:path";
import type { Page } from "../article/index.ts";
import type { Backend, BackendName } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { canonicalJson } from "./canonical.ts";
import { removeUnfinished, writeWhole } from "./disk.ts";
import { takeLock } from "./lock.ts";
import { outcome, type RunOutcome } from "./outcome.ts";
import { checkedPlans, finishedTrainings, type Plans, type Trainings } from "./plans.ts";
import {
  type Asked,
  folderLab,
  htmlOf,
  type OpenBackend,
  pagePath,
  type Reading,
  readPage,
  writeIfChanged,
} from "./read-page.ts";
import { type RunRecord, readRecord, recordName } from "./record.ts";
import { RunJournal } from "./run-journal.ts";
import {
  backendFor,
  emptyFolder,
  lockOptions,
  newRecord,
  type RunOptions,
  runFolder,
} from "./run-study.ts";
import { mostThreads } from "./threads.ts";
import {
  type FolderTraining,
  finishedTraining,
  trainInFolder,
  trainingFolder,
  trainingRecordName,
} from "./training-folder.ts";
import { isPlain, viewRun } from "./view-run.ts";

/**
 * Run an article, or read it again from what was trained and measured before. A view that is asked for
 * gets a page of its own.
 */
export async function runArticle(asked: Asked, options: RunOptions): Promise<RunOutcome> {
  const plain = { ...asked, view: asked.study.view.parse({}) };
  const done = await runPlain(plain, options);
  if (done.interrupted || isPlain(asked)) return done;
  return viewRun(asked, done.run, options);
}

/** A run judges and reports what is there to see without a view. */
async function runPlain(asked: Asked, options: RunOptions): Promise<RunOutcome> {
  const { study, params } = asked;
  const folder = runFolder(options.out, study.name, params);
  const plans = checkedPlans(study, params);
  if (options.fresh !== true) {
    const found = await readAgain(asked, folder, plans, options);
    if (found !== undefined) return found;
  }
  const release = await takeLock(folder, lockOptions(options));
  try {
    if (options.fresh === true) await forget(folder, plans, options);
    await removeUnfinished(folder);
    return await work(asked, folder, plans, options);
  } finally {
    await release();
  }
}

/**
 * The outcome of a run that is done, its article read again from what is remembered; undefined when
 * something has to be trained or measured. Needs no permission to write.
 */
async function readAgain(
  asked: Asked,
  folder: string,
  plans: Plans,
  options: RunOptions,
): Promise<RunOutcome | undefined> {
  const record = await checkedRecord(asked, folder);
  if (record?.state !== "done") return undefined;
  const trainings = await finishedTrainings(options.out, plans);
  if (trainings === undefined) return undefined;
  const nothing = new Error("something has to be measured");
  const cannot = async (): Promise<Backend> => {
    throw nothing;
  };
  try {
    const page = await conclude(asked, folder, trainings, cannot, options, false);
    if (page === undefined) return undefined;
    const shown = { ...record, claims: page.claims, metrics: page.metrics };
    const report = pagePath(folder, asked);
    await writeIfChanged(report, htmlOf(asked, page, shown));
    return outcome(folder, shown, { loaded: true, resumed: false, report });
  } catch (error) {
    if (error === nothing) return undefined;
    throw error;
  }
}

async function checkedRecord({ study, params }: Asked, folder: string) {
  const record = await readRecord(folder);
  if (record === undefined) return undefined;
  if (record.study === study.name && canonicalJson(record.params) === canonicalJson(params)) {
    return record;
  }
  throw new InputError(
    `run ${basename(folder)}: ${recordName} belongs to another run, of ${record.study}; train again with --fresh`,
  );
}

async function work(
  asked: Asked,
  folder: string,
  plans: Plans,
  options: RunOptions,
): Promise<RunOutcome> {
  const before = await checkedRecord(asked, folder);
  const open = onceFor((device) => backendFor(device, options));
  const steps = Object.values(plans).reduce((sum, plan) => sum + plan.steps, 0);
  const made = await open(before?.device ?? options.device);
  const names = await trainingNames(options.out, plans);
  const record =
    before ?? newRecord(asked.study.name, asked.params, made.name, options.threads, steps, names);
  const journal = new RunJournal(folder, record, options.opener);
  await journal.write({ state: "training", failure: undefined, trainings: names });
  try {
    const { trainings, step, resumed } = await trainAll(plans, record, open, options);
    const page = trainings && (await conclude(asked, folder, trainings, open, options, true));
    if (page === undefined) {
      const stopped = await journal.write({ step });
      return outcome(folder, stopped, { loaded: false, resumed, interrupted: true });
    }
    const { claims, metrics } = page;
    const done = journal.with({ state: "done", step, claims, metrics });
    await journal.check();
    const report = pagePath(folder, asked);
    await writeWhole(report, htmlOf(asked, page, done), options.opener);
    return outcome(folder, await journal.write(done), { loaded: false, resumed, report });
  } catch (error) {
    await journal.fail(error);
    throw error;
  }
}

/** Read the article. Measurements are made on the device of the first training. */
function conclude(
  asked: Asked,
  folder: string,
  trainings: Trainings,
  backend: OpenBackend,
  options: RunOptions,
  write: boolean,
): Promise<Page | undefined> {
  const device = [...trainings.values()][0]?.record.device ?? options.device;
  const reading: Reading = { ...options, device, backend, folder, write };
  return readPage(asked, reading, folderLab(asked, trainings, options.published));
}

/** The back end of each device, opened once. */
function onceFor(open: OpenBackend): OpenBackend {
  const opened = new Map<BackendName | undefined, Promise<Backend>>();
  return (device) => {
    const backend = opened.get(device) ?? open(device);
    opened.set(device, backend);
    return backend;
  };
}

interface Trained {
  /** Undefined when training was stopped. */
  readonly trainings: Trainings | undefined;
  readonly step: number;
  readonly resumed: boolean;
}

async function trainAll(
  plans: Plans,
  record: RunRecord,
  openBackend: OpenBackend,
  { out, threads, signal, onProgress, opener }: RunOptions,
): Promise<Trained> {
  const trainings = new Map<string, FolderTraining>();
  let step = 0;
  let resumed = false;
  for (const [name, plan] of Object.entries(plans)) {
    const folder = await trainingFolder(out, plan);
    const training =
      (await finishedTraining(folder, plan)) ??
      (await trainInFolder(folder, plan, {
        part: name === "model" ? undefined : name,
        device: record.device,
        threads,
        newThreads: record.threads ?? mostThreads(threads),
        openBackend,
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
        ...(opener && { opener }),
      }));
    step += training.step;
    resumed ||= training.resumed;
    if (training.held === undefined) return { trainings: undefined, step, resumed };
    trainings.set(name, training);
  }
  return { trainings, step, resumed };
}

/** Names of the folders of trainings. */
async function trainingNames(out: string, plans: Plans): Promise<string[]> {
  const folders = await Promise.all(Object.values(plans).map((plan) => trainingFolder(out, plan)));
  return folders.map((folder) => basename(folder));
}

/** Delete a run and its trainings. */
async function forget(folder: string, plans: Plans, { out, signal }: RunOptions): Promise<void> {
  await emptyFolder(folder);
  for (const plan of Object.values(plans)) {
    const training = await trainingFolder(out, plan);
    const release = await takeLock(training, { signal });
    try {
      await emptyFolder(training, trainingRecordName);
    } finally {
      await release();
    }
  }
}
