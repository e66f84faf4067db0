/** A study from parameters to claims: load or train, analyse, judge, report. */

import { rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Backend, type BackendName, openBackend } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import type { Study, TrainedRun } from "../studies/study.ts";
import type { TrainingPlan } from "../train/index.ts";
import { canonicalJson, runName } from "./canonical.ts";
import { checkpointSteps } from "./checkpoint-files.ts";
import { explain, isThere, listIfThere, type Opener, removeUnfinished } from "./disk.ts";
import { type LockOptions, lockName, takeLock } from "./lock.ts";
import { outcome, type RunOutcome } from "./outcome.ts";
import { checkPlan, planOf } from "./plan-of.ts";
import type { OnProgress } from "./progress.ts";
import { newRecord, type RunRecord, readRecord, recordName } from "./record.ts";
import { concludeRun, readConclusion } from "./results.ts";
import { metricsPath } from "./resume.ts";
import { RunJournal } from "./run-journal.ts";
import { mostThreads, withThreads } from "./threads.ts";
import { trainedPart, trainPart } from "./train-part.ts";

/** What a run needs from outside. */
export interface RunOptions {
  /** By default the one that the run was begun on, or for a new run the first that works here. */
  readonly device?: BackendName | undefined;
  /** Opens a back end when something has to be computed; by default `openBackend`. */
  readonly backend?: (device: BackendName | undefined) => Promise<Backend>;
  /**
   * Most threads of a computation; small ones use one. Default: the machine's cores, and for a run
   * that goes on the number it began with.
   */
  readonly threads?: number | undefined;
  /** Folder of the run folders. */
  readonly out: string;
  /** Delete what is there and train again. */
  readonly fresh?: boolean;
  /** Ends training after the current update, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** See `StudyContext.published`. */
  readonly published?: (name: string) => Promise<Uint8Array | undefined>;
  /** How files are opened for writing. */
  readonly opener?: Opener;
}

/** Path of the folder of a run. */
export function runFolder(out: string, study: string, params: unknown): string {
  return resolve(out, runName(study, params));
}

/** The names of `RunOptions`. */
export const runNames: OptionNames<RunOptions> = {
  device: true,
  backend: true,
  threads: true,
  out: true,
  fresh: true,
  signal: true,
  onProgress: true,
  published: true,
  opener: true,
};

/**
 * Run `study` with checked parameters, or load the run when it was finished before, which needs no
 * permission to write.
 */
export async function runStudy<P, R>(
  study: Study<P, R>,
  params: P,
  options: RunOptions,
): Promise<RunOutcome> {
  checkOptions("runStudy", options, runNames);
  const folder = runFolder(options.out, study.name, params);
  const found = options.fresh === true ? undefined : await loadRun(study, params, folder);
  if (found !== undefined) return found;
  const release = await takeLock(folder, lockOptions(options));
  try {
    if (options.fresh === true) await emptyFolder(folder);
    await removeUnfinished(folder);
    const loaded = await loadRun(study, params, folder);
    if (loaded !== undefined) return loaded;
    const record = await readRecord(folder);
    await requireWhole(folder, record, options);
    return await work(study, params, folder, record, options);
  } finally {
    await release();
  }
}

/** Says what is waited for, and stops waiting when the run is to stop. */
export function lockOptions({
  onProgress,
  signal,
}: Pick<RunOptions, "onProgress" | "signal">): LockOptions {
  return { signal, onWait: (text) => onProgress?.({ kind: "message", text }) };
}

/** The outcome of a finished run; undefined when it is not finished or lacks its results. */
async function loadRun<P, R>(
  study: Study<P, R>,
  params: P,
  folder: string,
): Promise<RunOutcome | undefined> {
  const record = await readRecord(folder);
  if (record === undefined) return undefined;
  if (record.study !== study.name || canonicalJson(record.params) !== canonicalJson(params)) {
    throw new InputError(
      `run ${basename(folder)}: ${recordName} belongs to another run, of ${record.study}; train again with --fresh`,
    );
  }
  if (record.state !== "done") return undefined;
  const conclusion = await readConclusion(study, params, folder, record);
  if (conclusion === undefined) return undefined;
  return outcome(folder, { ...record, ...conclusion }, { loaded: true, resumed: false });
}

/** Nothing is written before the back end is there, so that another device may be chosen then. */
async function work<P, R>(
  study: Study<P, R>,
  params: P,
  folder: string,
  before: RunRecord | undefined,
  options: RunOptions,
): Promise<RunOutcome> {
  const plan = planOf(study, params);
  const companions = study.companions?.(params) ?? {};
  for (const part of [plan, ...Object.values(companions)]) checkPlan(study.name, part);
  const steps = [plan, ...Object.values(companions)].reduce((sum, part) => sum + part.steps, 0);
  const made = await backendFor(before?.device ?? options.device, options);
  const record =
    before ??
    newRecord({
      ...{ study: study.name, params: params as RunRecord["params"], steps },
      ...{ device: made.name, threads: mostThreads(options.threads) },
    });
  const backend = withThreads(made, record.threads);
  const needed = { ...options, backend };
  const journal = new RunJournal(folder, record, options.opener);
  await journal.write({ state: "training", failure: undefined });
  try {
    const { run, step, resumed } = await trainAll(folder, plan, companions, needed);
    const concluded = run && (await concludeRun(study, params, run, journal, step, needed));
    const ended = concluded ?? (await journal.write({ step }));
    const interrupted = concluded === undefined;
    return outcome(folder, ended, { loaded: false, resumed, interrupted });
  } catch (error) {
    await journal.fail(error);
    throw error;
  }
}

/** The back end of a run, or of an analysis, on `device`. */
export function backendFor(
  device: BackendName | undefined,
  { backend, onProgress = () => {} }: Pick<RunOptions, "backend" | "onProgress">,
): Promise<Backend> {
  const say = (text: string): void => onProgress({ kind: "message", text });
  return backend === undefined ? openBackend(device, { say }) : backend(device);
}

/** Options of the parts of a run, once its back end is open. */
export type OpenedOptions = Omit<RunOptions, "backend" | "device"> & {
  readonly backend: Backend;
};

interface TrainedParts {
  readonly run: TrainedRun | undefined;
  readonly step: number;
  readonly resumed: boolean;
}

/** Train the study's model and then its companions; `run` is undefined when it was stopped. */
async function trainAll(
  folder: string,
  plan: TrainingPlan,
  companions: Readonly<Record<string, TrainingPlan>>,
  { backend, signal, onProgress = () => {}, opener }: OpenedOptions,
): Promise<TrainedParts> {
  const parts: [string | undefined, string, TrainingPlan][] = [[undefined, folder, plan]];
  for (const [name, companion] of Object.entries(companions)) {
    parts.push([name, join(folder, "companions", name), companion]);
  }
  let step = 0;
  let resumed = false;
  for (const [part, path, partPlan] of parts) {
    const options = { part, run: folder, backend, signal, onProgress, ...(opener && { opener }) };
    const result = await trainPart(path, partPlan, options);
    step += result.step;
    resumed ||= result.resumed;
    if (!result.finished) return { run: undefined, step, resumed };
  }
  const others: Record<string, TrainedRun> = {};
  for (const [part, path, partPlan] of parts.slice(1)) {
    others[part as string] = await trainedPart(path, partPlan, {});
  }
  return { run: await trainedPart(folder, plan, others), step, resumed };
}

/**
 * Files without a record, or a run that was begun on another device or with another number of
 * threads, are an error: going on would give other bytes.
 */
async function requireWhole(
  folder: string,
  record: RunRecord | undefined,
  { device, threads }: RunOptions,
): Promise<void> {
  const run = `run ${basename(folder)}`;
  if (record === undefined) {
    const begun =
      (await checkpointSteps(folder)).length > 0 || (await isThere(metricsPath(folder)));
    if (begun) {
      throw new InputError(`${run}: half-written, run.json is missing; train again with --fresh`);
    }
    return;
  }
  if (device !== undefined && record.device !== device) {
    throw new InputError(
      `${run}: begun on device ${record.device}, got ${device}; use --device ${record.device}, or --fresh`,
    );
  }
  if (threads !== undefined && threads !== record.threads) {
    throw new InputError(
      `${run}: begun with --threads ${record.threads}, got ${threads}; use --threads ${record.threads}, or --fresh`,
    );
  }
}

/** Delete everything but the lock; the record first, so that half of a run is never taken for a whole. */
export async function emptyFolder(folder: string, record: string = recordName): Promise<void> {
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
