/**
 * Trainings in folders of their own, named by what decides their bytes: runs of any study that train
 * the same thing share one.
 */

import { join, resolve } from "node:path";
import { z } from "zod";
import type { Backend, BackendName } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { type AnyPlan, type HeldTraining, sha256, trainingAddress } from "../lab/index.ts";
import { folderTitle, runFormat, trainingsName } from "./canonical.ts";
import { checkpointSteps } from "./checkpoint-files.ts";
import { isThere, readTextIfThere, writeWhole } from "./disk.ts";
import { lockName, takeLock } from "./lock.ts";
import type { Plans } from "./plan-check.ts";
import { sentenceOf } from "./record.ts";
import { metricsPath } from "./resume.ts";
import { lockOptions, type RunOptions } from "./run-options.ts";
import { seal, unseal } from "./sealed-json.ts";
import { withThreads } from "./threads.ts";
import { heldIn, isWhole, trainPlan } from "./train-plan.ts";
import { version } from "./version.ts";

/** Name of the record of a training. */
export const trainingRecordName = "training.json";

/** What a training was computed on: the content of `training.json`, without its checksum. */
const recordSchema = z.strictObject({
  format: z.literal(runFormat),
  address: z.string(),
  device: z.enum(["native", "web", "jax"]),
  /** Most threads of a computation. Kept when training goes on, since its bytes depend on it. */
  threads: z.int().min(1),
  versions: z.record(z.string(), z.string()),
  started: z.iso.datetime(),
});
export type TrainingRecord = z.infer<typeof recordSchema>;

/** A training that has come to an end, or to where it was stopped. */
export interface FolderTraining {
  readonly record: TrainingRecord;
  readonly step: number;
  readonly resumed: boolean;
  /** Undefined when it was stopped. */
  readonly held: HeldTraining | undefined;
}

/** Path of the folder of a training: its address, with how long it goes on and what it keeps. */
export async function trainingFolder(out: string, plan: AnyPlan): Promise<string> {
  const { steps, evalEvery, evalAt = [], checkpointEvery } = plan;
  const kept = await sha256(JSON.stringify([steps, evalEvery, evalAt, checkpointEvery]));
  const name = `${(await trainingAddress(plan)).slice(0, 12)}-${kept.slice(0, 6)}`;
  return resolve(out, trainingsName, name);
}

/** What a training was asked to be computed on. */
type Asked = Pick<RunOptions, "device" | "threads">;

/**
 * What the training in `folder` was begun on; undefined when it was not. Throws `InputError` for
 * half of a training, for another one, and where going on as `asked` would give other bytes.
 */
export async function begunTraining(
  folder: string,
  plan: AnyPlan,
  asked: Asked,
): Promise<TrainingRecord | undefined> {
  const record = await readTrainingRecord(folder);
  if (record !== undefined) {
    await requireSame(folder, record, plan, asked);
    return record;
  }
  const half = (await checkpointSteps(folder)).length > 0 || (await isThere(metricsPath(folder)));
  if (!half) return undefined;
  throw new InputError(
    `${folderTitle(folder)}: half-written, ${trainingRecordName} is missing; train again with --fresh`,
  );
}

/** A finished training, read without writing; undefined when it is not there or not finished. */
async function finishedTraining(
  folder: string,
  plan: AnyPlan,
): Promise<FolderTraining | undefined> {
  const record = await begunTraining(folder, plan, {});
  if (record === undefined) return undefined;
  const held = await heldIn(folder, plan, idOf(record)).catch((error: unknown) => {
    if (error instanceof InputError) return undefined;
    throw error;
  });
  return held && { record, step: plan.steps, resumed: true, held };
}

/** Finished trainings by the names of their plans. */
export type Trainings = ReadonlyMap<string, FolderTraining>;

/** The trainings of plans in `out`, all of them finished; undefined when one is not. */
export async function finishedTrainings(out: string, plans: Plans): Promise<Trainings | undefined> {
  const trainings = new Map<string, FolderTraining>();
  for (const [name, plan] of Object.entries(plans)) {
    const found = await finishedTraining(await trainingFolder(out, plan), plan);
    if (found === undefined) return undefined;
    trainings.set(name, found);
  }
  return trainings;
}

/** A finished training of which every file was looked at; undefined when something is to be done. */
async function wholeTraining(
  folder: string,
  plan: AnyPlan,
  asked: Asked,
): Promise<FolderTraining | undefined> {
  const record = await begunTraining(folder, plan, asked);
  if (record === undefined || (await isThere(join(folder, lockName)))) return undefined;
  if (!(await isWhole(folder, plan))) return undefined;
  return {
    record,
    step: plan.steps,
    resumed: true,
    held: await heldIn(folder, plan, idOf(record)),
  };
}

/** What a training needs from outside. */
export interface TrainingOptions
  extends Pick<RunOptions, "device" | "threads" | "signal" | "onProgress" | "opener"> {
  /** Name of the training in its study; undefined for the study's own model. */
  readonly part: string | undefined;
  readonly openBackend: (device: BackendName | undefined) => Promise<Backend>;
  /** Device and most threads of a new training. */
  readonly newDevice: BackendName;
  readonly newThreads: number;
}

/** Train `plan` in `folder`, from where it stands; a whole training is left as it is. */
export async function trainInFolder(
  folder: string,
  plan: AnyPlan,
  options: TrainingOptions,
): Promise<FolderTraining> {
  const whole = await wholeTraining(folder, plan, options);
  if (whole !== undefined) return whole;
  const { onProgress = () => {}, signal, opener } = options;
  const release = await takeLock(folder, lockOptions(options));
  try {
    const before = await begunTraining(folder, plan, options);
    const made = await options.openBackend(before?.device ?? options.newDevice);
    const record = before ?? (await newTraining(plan, made.name, options.newThreads));
    if (before === undefined) {
      await writeWhole(join(folder, trainingRecordName), textOf(record), opener);
    }
    const { step, finished, resumed } = await trainPlan(folder, plan, {
      part: options.part,
      recordName: trainingRecordName,
      backend: withThreads(made, record.threads),
      signal,
      onProgress,
      ...(opener && { opener }),
    });
    return {
      record,
      step,
      resumed,
      held: finished ? await heldIn(folder, plan, idOf(record)) : undefined,
    };
  } finally {
    await release();
  }
}

async function newTraining(
  plan: AnyPlan,
  device: BackendName,
  threads: number,
): Promise<TrainingRecord> {
  return {
    format: runFormat,
    address: await trainingAddress(plan),
    device,
    threads,
    versions: { tinylens: version(), node: process.versions.node },
    started: new Date().toISOString(),
  };
}

/** What its measurements are remembered by: numbers depend on the device and the threads. */
function idOf({ address, device, threads }: TrainingRecord): string {
  return `${address} ${device} ${threads}`;
}

/** Going on elsewhere would give other bytes. */
async function requireSame(
  folder: string,
  { address, device, threads }: TrainingRecord,
  plan: AnyPlan,
  asked: Asked,
): Promise<void> {
  const where = folderTitle(folder);
  if (address !== (await trainingAddress(plan))) {
    throw new InputError(
      `${where}: ${trainingRecordName} belongs to another training; train again with --fresh`,
    );
  }
  if (asked.device !== undefined && asked.device !== device) {
    throw new InputError(
      `${where}: begun on device ${device}, got ${asked.device}; use --device ${device}, or --fresh`,
    );
  }
  if (asked.threads !== undefined && asked.threads !== threads) {
    throw new InputError(
      `${where}: begun with --threads ${threads}, got ${asked.threads}; use --threads ${threads}, or --fresh`,
    );
  }
}

function textOf(record: TrainingRecord): string {
  return `${seal(JSON.stringify(record, null, 2))}\n`;
}

/** Undefined without a file. Throws `InputError` for one that is damaged or cannot be read. */
async function readTrainingRecord(folder: string): Promise<TrainingRecord | undefined> {
  const text = await readTextIfThere(join(folder, trainingRecordName));
  if (text === undefined) return undefined;
  const damaged = (why: string): InputError =>
    new InputError(
      `${folderTitle(folder)}: ${trainingRecordName} is damaged (${why}); train again with --fresh`,
    );
  const json = unseal(text);
  if (json === undefined) throw damaged("its checksum does not match");
  const parsed = recordSchema.safeParse(JSON.parse(json));
  if (!parsed.success) throw damaged(sentenceOf(parsed.error));
  return parsed.data;
}
