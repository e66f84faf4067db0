/** A study that is an article, from parameters to a page: train what it asks for, read it, report. */

import { basename, resolve } from "node:path";
import type { Page } from "../article/index.ts";
import type { Backend, BackendName } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { canonicalJson, runName } from "./canonical.ts";
import { removeUnfinished, writeWhole } from "./disk.ts";
import { forget } from "./forget.ts";
import { takeLock } from "./lock.ts";
import { measurementVersion } from "./measurements.ts";
import { outcome, type RunOutcome } from "./outcome.ts";
import { checkedPlans, type Plans } from "./plan-check.ts";
import {
  type Asked,
  askedNames,
  checkedAsked,
  folderLab,
  htmlOf,
  type OpenBackend,
  pagePath,
  type Reading,
  readPage,
  writeIfChanged,
} from "./read-page.ts";
import { newRecord, type RunRecord, readRecord, recordName, sameRecord } from "./record.ts";
import { RunJournal } from "./run-journal.ts";
import { backendFor, lockOptions, type RunOptions, runNames } from "./run-options.ts";
import { maxThreads, withThreads } from "./threads.ts";
import {
  begunTraining,
  type FolderTraining,
  finishedTrainings,
  type TrainingRecord,
  type Trainings,
  trainInFolder,
  trainingFolder,
} from "./training-folder.ts";
import { isPlain, viewRun } from "./view-run.ts";

/** Path of the folder of a run. */
export function runFolder(out: string, study: string, params: unknown): string {
  return resolve(out, runName(study, params));
}

/**
 * Run an article, or read it again from what was trained and measured before. A view that is asked for
 * gets a page of its own. Throws `InputError` for parameters and views that the study does not take.
 */
export async function runArticle(asked: Asked, options: RunOptions): Promise<RunOutcome> {
  checkOptions("runArticle", asked, askedNames);
  checkOptions("runArticle", options, runNames);
  const checked = checkedAsked(asked);
  await measurementVersion(asked.study);
  const plain = { ...checked, view: asked.study.view.parse({}) };
  const done = await runPlain(plain, options);
  if (done.interrupted || isPlain(checked)) return done;
  return viewRun(checked, done.run, options);
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
  const open = onceFor((device) => backendFor(device, options));
  const release = await takeLock(folder, lockOptions(options));
  try {
    if (options.fresh === true) {
      // A device that is not there deletes nothing.
      await open(options.device);
      await forget(folder, plans, options);
    }
    await removeUnfinished(folder);
    return await work(asked, folder, plans, open, options);
  } finally {
    await release();
  }
}

/**
 * The outcome of a run that is done, its article read again from what is remembered; undefined when
 * something has to be trained or measured, or its record says something else than the article. Needs no
 * permission to write.
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
  const { device, threads } = (trainings && ownModel(trainings)) ?? {};
  if (trainings === undefined || device !== record.device || threads !== record.threads) {
    return undefined;
  }
  const other = otherThan(record, options);
  if (other !== undefined) options.onProgress?.({ kind: "message", text: other });
  const nothing = new Error("something has to be measured");
  const cannot = async (): Promise<Backend> => {
    throw nothing;
  };
  const { onProgress: _, ...quietly } = options;
  try {
    const page = await conclude(asked, folder, trainings, cannot, quietly, false);
    if (page === undefined) return undefined;
    const shown = {
      ...record,
      ...{ file: asked.file, trainings: await trainingNames(plans, options.out) },
      ...{ claims: page.claims, metrics: page.metrics },
    };
    if (!sameRecord(shown, record)) return undefined;
    const report = pagePath(folder, asked);
    await writeIfChanged(report, htmlOf(asked, page, shown));
    return outcome(folder, shown, { loaded: true, resumed: false, report });
  } catch (error) {
    if (error === nothing) return undefined;
    throw error;
  }
}

/** What was asked for and is not how the finished run was made, in a sentence. */
function otherThan({ device, threads }: RunRecord, asked: RunOptions): string | undefined {
  const differs = [
    asked.device !== undefined && asked.device !== device ? `--device ${asked.device}` : "",
    asked.threads !== undefined && asked.threads !== threads ? `--threads ${asked.threads}` : "",
  ].filter((flag) => flag !== "");
  if (differs.length === 0) return undefined;
  return `the run is finished, on ${device} with at most ${threads} threads, and is shown as it is; ${differs.join(" and ")} with --fresh trains it again`;
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

/** Nothing is written before the back end is there, so that another device may be chosen then. */
async function work(
  asked: Asked,
  folder: string,
  plans: Plans,
  open: OpenBackend,
  options: RunOptions,
): Promise<RunOutcome> {
  const before = await checkedRecord(asked, folder);
  const begun = await begunTrainings(plans, options);
  const { device = options.device ?? before?.device, threads } = begun.model ?? {};
  const made = await open(device);
  const record = {
    ...(before ?? newRecord({ study: asked.study.name, device: made.name, threads: 1 })),
    file: asked.file,
    params: asked.params as RunRecord["params"],
    device: made.name,
    threads: threads ?? options.threads ?? before?.threads ?? maxThreads(undefined),
    steps: Object.values(plans).reduce((sum, plan) => sum + plan.steps, 0),
    trainings: begun.folders,
  };
  const journal = new RunJournal(folder, record, options.opener);
  await journal.write({ state: "training", failure: undefined });
  try {
    const { trainings, step, resumed } = await trainAll(plans, record, open, options);
    await journal.check();
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

/** Names of the folders of trainings. */
async function trainingNames(plans: Plans, out: string): Promise<string[]> {
  const names: string[] = [];
  for (const plan of Object.values(plans)) names.push(basename(await trainingFolder(out, plan)));
  return names;
}

/** Names of the folders of trainings, and what the study's own model was begun on. */
async function begunTrainings(plans: Plans, options: RunOptions) {
  const folders: string[] = [];
  let model: TrainingRecord | undefined;
  for (const [name, plan] of Object.entries(plans)) {
    const folder = await trainingFolder(options.out, plan);
    const record = await begunTraining(folder, plan, options);
    folders.push(basename(folder));
    if (name === "model") model = record;
  }
  return { folders, model };
}

/** What the study's own model was trained on. */
function ownModel(trainings: Trainings): TrainingRecord | undefined {
  return trainings.get("model")?.record;
}

/** Read the article. Measurements are made on the device of the study's own model. */
function conclude(
  asked: Asked,
  folder: string,
  trainings: Trainings,
  open: OpenBackend,
  options: RunOptions,
  write: boolean,
): Promise<Page | undefined> {
  const { device = options.device, threads } = ownModel(trainings) ?? {};
  const backend: OpenBackend = async (name) => withThreads(await open(name), maxThreads(threads));
  const reading: Reading = { ...options, device, backend, folder, write };
  return readPage(asked, reading, folderLab(asked, trainings, options.published));
}

/** The back end of each device, opened once, also when the first one was not asked for by name. */
function onceFor(open: OpenBackend): OpenBackend {
  const opened = new Map<BackendName | undefined, Backend>();
  return async (device) => {
    const backend = opened.get(device) ?? (await open(device));
    for (const name of [device, backend.name]) opened.set(name, backend);
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
  { device, threads }: RunRecord,
  openBackend: OpenBackend,
  options: RunOptions,
): Promise<Trained> {
  const trainings = new Map<string, FolderTraining>();
  let step = 0;
  let resumed = false;
  for (const [name, plan] of Object.entries(plans)) {
    const training = await trainInFolder(await trainingFolder(options.out, plan), plan, {
      ...options,
      part: name === "model" ? undefined : name,
      newDevice: device,
      newThreads: threads,
      openBackend,
    });
    step += training.step;
    resumed ||= training.resumed;
    if (training.held === undefined) return { trainings: undefined, step, resumed };
    trainings.set(name, training);
  }
  return { trainings, step, resumed };
}
