/** A study that is an article, from parameters to a page: train what it asks for, read it, report. */

import { basename } from "node:path";
import { type Page, readArticle } from "../article/index.ts";
import type { Backend, BackendName } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import {
  type AnyPlan,
  Instruments,
  type Lab,
  labOf,
  type Study,
  trainingOf,
} from "../lab/index.ts";
import { canonicalJson } from "./canonical.ts";
import { readTextIfThere, removeUnfinished, writeWhole } from "./disk.ts";
import { takeLock } from "./lock.ts";
import { folderMemory, measurementVersion } from "./measurements.ts";
import { outcome, type RunOutcome } from "./outcome.ts";
import { checkPlan, checkSize, withoutModelErrors } from "./plan-of.ts";
import { type RunRecord, readRecord, recordName } from "./record.ts";
import { pageHtml } from "./report-html.ts";
import { reportPath } from "./results.ts";
import { RunJournal } from "./run-journal.ts";
import { backendFor, emptyFolder, newRecord, type RunOptions, runFolder } from "./run-study.ts";
import { mostThreads } from "./threads.ts";
import {
  type FolderTraining,
  finishedTraining,
  trainInFolder,
  trainingFolder,
  trainingRecordName,
} from "./training-folder.ts";

/** A study with checked parameters and what to look at. */
export interface Asked {
  readonly study: Study;
  readonly params: unknown;
  readonly view: unknown;
}

/** Run an article, or read it again from what was trained and measured before. */
export async function runArticle(asked: Asked, options: RunOptions): Promise<RunOutcome> {
  const { study, params } = asked;
  const folder = runFolder(options.out, study.name, params);
  const plans = checkedPlans(study, params);
  if (options.fresh !== true) {
    const found = await readAgain(asked, folder, plans, options);
    if (found !== undefined) return found;
  }
  const { onProgress = () => {}, signal } = options;
  const onWait = (text: string): void => onProgress({ kind: "message", text });
  const release = await takeLock(folder, { signal, onWait });
  try {
    if (options.fresh === true) await forget(folder, plans, options);
    await removeUnfinished(folder);
    return await work(asked, folder, plans, options);
  } finally {
    await release();
  }
}

type OpenBackend = (device: BackendName | undefined) => Promise<Backend>;
type Plans = Readonly<Record<string, AnyPlan>>;

function checkedPlans(study: Study, params: unknown): Plans {
  const plans = withoutModelErrors(study.name, () => {
    checkSize(study.name, study.size(params));
    return study.plans(params);
  });
  for (const plan of Object.values(plans)) checkPlan(study.name, plan);
  return plans;
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
  const trainings = new Map<string, FolderTraining>();
  for (const [name, plan] of Object.entries(plans)) {
    const found = await finishedTraining(await trainingFolder(options.out, plan), plan);
    if (found === undefined) return undefined;
    trainings.set(name, found);
  }
  const nothing = new Error("something has to be measured");
  const cannot = async (): Promise<Backend> => {
    throw nothing;
  };
  try {
    const page = await read(asked, folder, trainings, { ...options, backend: cannot }, false);
    if (page === undefined) return undefined;
    const shown = { ...record, claims: page.claims, metrics: page.metrics };
    await writeIfChanged(reportPath(folder), htmlOf(asked, page, shown));
    return outcome(folder, shown, { loaded: true, resumed: false });
  } catch (error) {
    if (error === nothing) return undefined;
    throw error;
  }
}

function htmlOf({ study }: Asked, { summary, claims, sections }: Page, record: RunRecord): string {
  const [source = { paper: study.title }] = study.sources;
  return pageHtml(study, record, { summary, source, claims, sections });
}

/** A report that cannot be written does not keep a finished run from being shown. */
async function writeIfChanged(path: string, html: string): Promise<void> {
  if ((await readTextIfThere(path)) === html) return;
  await writeWhole(path, html).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error;
  });
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
  const record =
    before ?? newRecord(asked.study.name, asked.params, made.name, options.threads, steps);
  const journal = new RunJournal(folder, record, options.opener);
  await journal.write({ state: "training", failure: undefined });
  try {
    const { trainings, step, resumed } = await trainAll(plans, record, open, options);
    const page =
      trainings && (await read(asked, folder, trainings, { ...options, backend: open }, true));
    if (page === undefined) {
      const stopped = await journal.write({ step });
      return outcome(folder, stopped, { loaded: false, resumed, interrupted: true });
    }
    const { claims, metrics } = page;
    const done = journal.with({ state: "done", step, claims, metrics });
    await journal.check();
    await writeWhole(reportPath(folder), htmlOf(asked, page, done), options.opener);
    return outcome(folder, await journal.write(done), { loaded: false, resumed });
  } catch (error) {
    await journal.fail(error);
    throw error;
  }
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
  readonly trainings: ReadonlyMap<string, FolderTraining> | undefined;
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

/** Read the article; undefined when the signal ended it. */
async function read(
  { study, params, view }: Asked,
  folder: string,
  trainings: ReadonlyMap<string, FolderTraining>,
  { backend, signal, onProgress = () => {}, published, opener, ...rest }: Reading,
  write: boolean,
): Promise<Page | undefined> {
  const device = [...trainings.values()][0]?.record.device ?? rest.device;
  await using instruments = new Instruments(() => backend(device), {
    memory: folderMemory(folder, write, opener),
    version: await measurementVersion(study),
    onMeasure: (name, step) => {
      const where = step === undefined ? "" : ` at step ${step}`;
      onProgress({ kind: "message", text: `measuring ${name}${where}` });
    },
    ...(signal && { signal }),
  });
  const lab: Lab = labOf(
    study,
    params,
    instruments,
    async (plan, name) => {
      const held = trainings.get(name)?.held;
      if (held === undefined) throw new InputError(`${study.name}: ${name} is not trained`);
      return trainingOf(instruments, plan, held);
    },
    published,
  );
  try {
    return await readArticle(study.article(params, lab, view));
  } catch (error) {
    if (signal?.aborted === true) return undefined;
    throw error;
  }
}

type Reading = Omit<RunOptions, "backend"> & { readonly backend: OpenBackend };

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
