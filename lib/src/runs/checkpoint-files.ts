/** `checkpoints/STEP.safetensors`. */

import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../core/errors.ts";
import { readSafetensors, writeSafetensors } from "../io/index.ts";
import { type Checkpoint, checkpointFromArrays, checkpointToArrays } from "../train/index.ts";
import { type Opener, openOnDisk, writeWhole } from "./disk.ts";

const folderName = "checkpoints";

/** Path of the checkpoint after `step` updates. */
export function checkpointPath(run: string, step: number): string {
  return join(run, folderName, `${step}.safetensors`);
}

/** Folder of the checkpoints of a run. */
export function checkpointFolder(run: string): string {
  return join(run, folderName);
}

/** Steps that have a checkpoint, ascending. */
export async function checkpointSteps(run: string): Promise<number[]> {
  const names = await readdir(join(run, folderName)).catch(() => []);
  return names
    .flatMap((name) => /^(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

export async function writeCheckpoint(
  run: string,
  checkpoint: Checkpoint,
  opener: Opener = openOnDisk,
): Promise<void> {
  const { arrays, metadata } = checkpointToArrays(checkpoint);
  const bytes = writeSafetensors(arrays, metadata);
  await writeWhole(checkpointPath(run, checkpoint.step), bytes, opener);
}

/** Throws `InputError` with what to do when the file is missing or damaged. */
export async function readCheckpoint(run: string, step: number): Promise<Checkpoint> {
  const path = checkpointPath(run, step);
  try {
    const { arrays, metadata } = readSafetensors(await readFile(path));
    return checkpointFromArrays({ arrays, metadata });
  } catch {
    throw new InputError(`${path}: missing or damaged; train anew with --fresh`);
  }
}

export async function removeCheckpoint(run: string, step: number): Promise<void> {
  await rm(checkpointPath(run, step), { force: true });
}
