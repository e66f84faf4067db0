/** Temporary names, and what killed processes left under them. */

import { createHash, randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { explain, isAbsent } from "./disk-errors.ts";
import { listIfThere } from "./disk-read.ts";
import { identityOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const unfinished = ".unfinished-";

/** Characters kept of a file's name, so that a long name with the addition is still a valid one. */
const longestStem = 40;

/**
 * A temporary name in the folder of `path`. It names this process, and ends at random, so that
 * nobody can put something there beforehand.
 */
export function unfinishedPath(path: string): string {
  const stem = [...basename(path)].slice(0, longestStem).join("");
  const self = ownIdentity();
  const random = randomBytes(8).toString("hex");
  return join(dirname(path), `${stem}${unfinished}${self.pid}-${tagOf(self)}-${random}`);
}

/**
 * Remove what killed processes left under temporary names in `folder` itself. What belongs to a
 * process that runs here is left alone.
 */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of (await listIfThere(folder)) ?? []) {
    if (name.includes(unfinished) && !isInUse(name)) await removeWhole(join(folder, name));
  }
}

/** Removes a file or folder by way of another name, so that whoever made it cannot use a part of it. */
async function removeWhole(path: string): Promise<void> {
  const aside = unfinishedPath(join(dirname(path), "removed"));
  try {
    await rename(path, aside);
    await rm(aside, { recursive: true, force: true });
  } catch (error) {
    if (!isAbsent(error)) throw explain(error, path);
  }
}

function isInUse(name: string): boolean {
  const [, pid, tag] = /\.unfinished-([1-9]\d{0,9})-([0-9a-f]{8})-[0-9a-f]{16}$/.exec(name) ?? [];
  if (pid === undefined) return false;
  const process = Number(pid) > 2 ** 31 - 1 ? undefined : identityOf(Number(pid));
  return process !== undefined && tagOf(process) === tag;
}

/** Tells a process from others that have its number, in eight characters. */
function tagOf({ host, boot, space, started }: ProcessIdentity): string {
  const words = boot === "" ? [host] : [boot, space, started];
  return createHash("sha256").update(words.join("\n")).digest("hex").slice(0, 8);
}
