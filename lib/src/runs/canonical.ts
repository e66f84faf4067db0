/** Names of runs: the study and a hash of everything that decides its numbers. */

import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";

/** Version of the folder's layout; a change makes old folders unreadable and names new. */
export const runFormat = 2;

/** JSON with the keys of every object in alphabetical order and no spaces. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Folder of trainings in a folder of runs. */
export const trainingsName = "trainings";

/** What a sentence calls a folder: `run NAME` or `training NAME`. */
export function folderTitle(folder: string): string {
  const kind = basename(dirname(folder)) === trainingsName ? "training" : "run";
  return `${kind} ${basename(folder)}`;
}

/** `<study>-<hash>`: the first eight hexadecimal digits of the SHA-256 of the parameters. */
export function runName(study: string, params: unknown): string {
  return `${study}-${shortHash(canonicalJson({ format: runFormat, study, params }))}`;
}

/** Name of an analysis of a given checkpoint, by its bytes. */
export function checkpointRunName(study: string, params: unknown, sha256: string): string {
  const key = canonicalJson({ format: runFormat, study, params, checkpoint: sha256 });
  return `${study}-checkpoint-${shortHash(key)}`;
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function shortHash(text: string): string {
  return sha256(text).slice(0, 8);
}
