/**
 * Trainings in folders of their own, named by what decides their bytes: runs of any study that train
 * the same thing share one.
 */

import { join, resolve } from "node:path";
import { z } from "zod";
import type { Backend, BackendName } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { type AnyPlan, type HeldTraining, sha256, trainingAddress } from "../lab/index.ts";
import { runFormat } from "./canonical.ts";
import { readTextIfThere, writeWhole } from "./disk.ts";
import { takeLock } from "./lock.ts";
import { sentenceOf } from "./record.ts";
import type { RunOptions } from "./run-study.ts";
import { seal, unseal } from "./sealed-json.ts";
import { withThreads } from "./threads.ts";
import { trainedPart, trainPart } from "./train-part.ts";
import { version } from "./version.ts";

/** Folder of trainings in a folder of runs. */
export const trainingsName = "trainings";
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

/** A finished training, read without writing; undefined when it is not there or not finished. */
export async function finishedTraining(
  folder: string,
  plan: AnyPlan,
): Promise<FolderTraining | undefined> {
  const record = await readTrainingRecord(folder);
  if (record === undefined) return undefined;
  const held = await heldIn(folder, plan, record).catch((error: unknown) => {
    if (error instanceof InputError) return undefined;
    throw error;
  });
  return held && { record, step: plan.steps, resumed: true, held };
}

/** What a training needs from outside. */
export interface TrainingOptions
  extends Pick<RunOptions, "device" | "threads" | "signal" | "onProgress" | "opener"> {
  /** Name of the training in its study; undefined for the study's own model. */
  readonly part: string | undefined;
  readonly openBackend: (device: BackendName | undefined) => Promise<Backend>;
  /** Most threads of a new training. */
  readonly newThreads: number;
}

/** Train `plan` in `folder`, from where it stands. */
export async function trainInFolder(
  folder: string,
  plan: AnyPlan,
  options: TrainingOptions,
): Promise<FolderTraining> {
  const { onProgress = () => {}, signal, opener } = options;
  const release = await takeLock(folder, {
    signal,
    onWait: (text) => onProgress({ kind: "message", text }),
  });
  try {
    const before = await readTrainingRecord(folder);
    if (before !== undefined) requireSame(folder, before, options);
    const made = await options.openBackend(before?.device ?? options.device);
    const record = before ?? (await newRecord(plan, made.name, options.newThreads));
    await writeWhole(join(folder, trainingRecordName), textOf(record), opener);
    const { step, finished, resumed } = await trainPart(folder, plan, {
      part: options.part,
      run: folder,
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
      held: finished ? await heldIn(folder, plan, record) : undefined,
    };
  } finally {
    await release();
  }
}

async function newRecord(
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

async function heldIn(
  folder: string,
  plan: AnyPlan,
  { address, device, threads }: TrainingRecord,
): Promise<HeldTraining> {
  const { metrics, checkpointSteps, weights } = await trainedPart(folder, plan, {});
  return {
    address: `${address} ${device} ${threads}`,
    rows: metrics,
    steps: checkpointSteps,
    weights,
  };
}

/** Going on elsewhere would give other bytes. */
function requireSame(
  folder: string,
  { device, threads }: TrainingRecord,
  asked: Pick<TrainingOptions, "device" | "threads">,
): void {
  const where = `training ${folder}`;
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
      `${join(folder, trainingRecordName)} is damaged (${why}); train again with --fresh`,
    );
  const json = unseal(text);
  if (json === undefined) throw damaged("its checksum does not match");
  const parsed = recordSchema.safeParse(JSON.parse(json));
  if (!parsed.success) throw damaged(sentenceOf(parsed.error));
  return parsed.data;
}
