/** `checkpoints/STEP.safetensors`. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../core/errors.ts";
import { tinylensRecord } from "../interchange/write-model.ts";
import { readSafetensors, writeSafetensors } from "../io/index.ts";
import type { AnyPlan } from "../lab/index.ts";
import { type Checkpoint, checkpointFromArrays, checkpointToArrays } from "../train/index.ts";
import { listIfThere, type Opener, openOnDisk, readIfThere, writeWhole } from "./disk.ts";

const folderName = "checkpoints";

/** Path of the checkpoint after `step` updates. */
export function checkpointPath(run: string, step: number): string {
  return join(run, folderName, `${step}.safetensors`);
}

/** Folder of the checkpoints of a run. */
export function checkpointFolder(run: string): string {
  return join(run, folderName);
}

/** Steps that have a checkpoint, ascending. Throws `InputError` when the folder cannot be read. */
export async function checkpointSteps(run: string): Promise<number[]> {
  const names = (await listIfThere(checkpointFolder(run))) ?? [];
  return names
    .flatMap((name) => /^(0|[1-9]\d*)\.safetensors$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter(Number.isSafeInteger)
    .sort((a, b) => a - b);
}

/** With the model and its configuration, so that `loadModel` needs nothing else. */
export async function writeCheckpoint(
  run: string,
  checkpoint: Checkpoint,
  { model, config }: Pick<AnyPlan, "model" | "config">,
  opener: Opener = openOnDisk,
): Promise<void> {
  const tinylens = tinylensRecord({ model, config, processed: [] });
  const { arrays, metadata } = checkpointToArrays(checkpoint, { tinylens });
  const bytes = writeSafetensors(arrays, metadata);
  await writeWhole(checkpointPath(run, checkpoint.step), bytes, opener);
}

/** The checkpoint in `bytes`. Throws `InputError` unless it is a sound one of this step. */
export function checkpointFromBytes(bytes: Uint8Array, step: number): Checkpoint {
  const checkpoint = checkpointFromArrays(readSafetensors(bytes));
  if (checkpoint.step !== step) {
    throw new InputError(`checkpoint: the step must be ${step}, got ${checkpoint.step}`);
  }
  return checkpoint;
}

/** A checkpoint, or what is wrong with it. */
export type FoundCheckpoint =
  | { readonly checkpoint: Checkpoint; readonly damage?: undefined }
  | { readonly checkpoint?: undefined; readonly damage: string };

/** Look at a checkpoint that may be missing or damaged. Throws `InputError` when it cannot be read. */
export async function findCheckpoint(run: string, step: number): Promise<FoundCheckpoint> {
  const path = checkpointPath(run, step);
  const bytes = await readIfThere(path);
  if (bytes === undefined) return { damage: `${path}: missing` };
  try {
    return { checkpoint: checkpointFromBytes(bytes, step) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { damage: `${path}: damaged (${error.message})` };
  }
}

/** A checkpoint that must be there. Throws `InputError` with what to do when it is missing or damaged. */
export async function readCheckpoint(run: string, step: number): Promise<Checkpoint> {
  const { checkpoint, damage } = await findCheckpoint(run, step);
  if (checkpoint !== undefined) return checkpoint;
  throw new InputError(
    `${damage}; delete it and run the same command again, which trains again from the checkpoint before it`,
  );
}

export async function removeCheckpoint(run: string, step: number): Promise<void> {
  await rm(checkpointPath(run, step), { force: true });
}
