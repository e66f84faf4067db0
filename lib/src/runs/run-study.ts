/** A study from parameters to claims: load or train, analyse, judge, report. */

import { readdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Backend, type BackendName, openBackend } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import type { Study, TrainedRun } from "../studies/study.ts";
import type { TrainingPlan } from "../train/index.ts";
import { runFormat, runName } from "./canonical.ts";
import { checkpointSteps } from "./checkpoint-files.ts";
import { type Opener, removeUnfinished } from "./disk.ts";
import { type LockOptions, lockName, takeLock } from "./lock.ts";
import { outcome, type RunOutcome } from "./outcome.ts";
import { checkPlan, planOf } from "./plan-of.ts";
import type { OnProgress } from "./progress.ts";
import { type RunRecord, readRecord, writeRecord } from "./record.ts";
import { concludeRun, hasResults, readConclusion } from "./results.ts";
import { trainedPart, trainPart } from "./train-part.ts";
import { version } from "./version.ts";

/** What a run needs from outside. */
export interface RunOptions {
  /** By default the one that the run was begun on, or for a new run the first that works here. */
  readonly device?: BackendName | undefined;
  /** Opens a back end when something has to be computed; by default `openBackend`. */
  readonly backend?: (device: BackendName | undefined) => Promise<Backend>;
  /** Threads of the training step; by default chosen from its work. */
  readonly threads?: number | undefined;
  /** Folder of the run folders. */
  readonly out: string;
  /** Delete what is there and train anew. */
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

/** Run `study` with checked parameters, or load the run when it was finished before. */
export async function runStudy<P, R>(
  study: Study<P, R>,
  params: P,
  options: RunOptions,
): Promise<RunOutcome> {
  const folder = runFolder(options.out, study.name, params);
  const release = await takeLock(folder, lockOptions(options));
  try {
    if (options.fresh === true) await emptyFolder(folder);
    await removeUnfinished(folder);
    const record = await readRecord(folder);
    await requireWhole(folder, record, options);
    if (record?.state === "done" && (await hasResults(folder))) {
      const conclusion = await readConclusion(study, params, folder);
      return outcome(folder, { ...record, ...conclusion }, { loaded: true, resumed: false });
    }
    return await work(study, params, folder, record, options);
  } finally {
    await release();
  }
}

/** Says what is waited for, and stops waiting when the run is to stop. */
function lockOptions({
  onProgress,
  signal,
}: Pick<RunOptions, "onProgress" | "signal">): LockOptions {
  return { signal, onWait: (text) => onProgress?.({ kind: "message", text }) };
}

/** Nothing is written before the back end is there, so that another device may be chosen then. */
async function work<P, R>(
  study: Study<P, R>,
  params: P,
  folder: string,
  before: RunRecord | undefined,
  options: RunOptions,
): Promise<RunOutcome> {
  const begun = performance.now();
  const plan = planOf(study, params);
  const companions = study.companions?.(params) ?? {};
  for (const part of [plan, ...Object.values(companions)]) checkPlan(study.name, part);
  const steps = [plan, ...Object.values(companions)].reduce((sum, part) => sum + part.steps, 0);
  const backend = await backendFor(before?.device ?? options.device, options);
  const record = before ?? newRecord(study.name, params, backend.name, steps);
  let threads = record.threads;
  const onProgress: OnProgress = (progress) => {
    if (progress.kind === "start") threads = progress.threads;
    options.onProgress?.(progress);
  };
  const at = (fields: Partial<RunRecord>): RunRecord => ({
    ...record,
    threads,
    seconds: record.seconds + (performance.now() - begun) / 1000,
    ...fields,
  });
  if (before === undefined) await writeRecord(folder, record, options.opener);
  const interrupted = async (step: number, resumed: boolean): Promise<RunOutcome> => {
    const stopped = at({ step });
    await writeRecord(folder, stopped, options.opener);
    return outcome(folder, stopped, { loaded: false, resumed, interrupted: true });
  };
  const needed = { ...options, backend: async () => backend, onProgress };
  const trained = await trainAll(folder, plan, companions, needed);
  const { resumed } = trained;
  if (trained.run === undefined) return interrupted(trained.step, resumed);
  const now = (): RunRecord => at({ state: "done", step: trained.step });
  const done = await concludeRun(study, params, trained.run, folder, now, needed);
  if (done === undefined) return interrupted(trained.step, resumed);
  return outcome(folder, done, { loaded: false, resumed });
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
  readonly backend: () => Promise<Backend>;
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
  { backend, threads, signal, onProgress = () => {}, opener }: OpenedOptions,
): Promise<TrainedParts> {
  const parts: [string | undefined, string, TrainingPlan][] = [[undefined, folder, plan]];
  for (const [name, companion] of Object.entries(companions)) {
    parts.push([name, join(folder, "companions", name), companion]);
  }
  let step = 0;
  let resumed = false;
  for (const [part, path, partPlan] of parts) {
    const options = { part, backend, threads, signal, onProgress, ...(opener && { opener }) };
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

function newRecord(study: string, params: unknown, device: BackendName, steps: number): RunRecord {
  return {
    format: runFormat,
    study,
    params: params as Readonly<Record<string, unknown>>,
    versions: { tinylens: version(), node: process.versions.node },
    device,
    threads: 1,
    state: "training",
    started: new Date().toISOString(),
    seconds: 0,
    step: 0,
    steps,
    claims: [],
    metrics: {},
  };
}

/** A folder with files but no record, or begun on another device, is an error and not guessed at. */
async function requireWhole(
  folder: string,
  record: RunRecord | undefined,
  { device }: RunOptions,
): Promise<void> {
  const run = `run ${basename(folder)}`;
  if (record === undefined) {
    if ((await checkpointSteps(folder)).length > 0) {
      throw new InputError(`${run}: half-written, run.json is missing; train anew with --fresh`);
    }
  } else if (record.state === "training" && device !== undefined && record.device !== device) {
    throw new InputError(
      `${run}: begun on device ${record.device}, got ${device}; use --device ${record.device}, or --fresh`,
    );
  }
}

async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name !== lockName) await rm(join(folder, name), { recursive: true, force: true });
  }
}
