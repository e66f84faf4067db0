/**
 * One process at a time works in a run folder.
 *
 * The lock is a folder called `lock` with one file in it, the entry of its holder, which has a random
 * name. To take the lock, a process makes such a folder under a temporary name and renames it: the
 * system does that at once, and refuses it while the lock holds an entry. The entry of a dead holder
 * is removed by its own name, so that no other can be removed by mistake. This needs no hard links,
 * which many disks lack, and no clock.
 */

import { randomBytes } from "node:crypto";
import { lstat, mkdir, rename, rm, rmdir, unlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InputError } from "../core/errors.ts";
import { folderTitle } from "./canonical.ts";
import { makeFolder } from "./disk.ts";
import { explain, explainRead, systemCode } from "./disk-errors.ts";
import { isThere, listIfThere } from "./disk-read.ts";
import { startBeating } from "./heartbeat.ts";
import {
  isSilent,
  type LockTiming,
  lifeOfHolder,
  markHeld,
  nameOf,
  ownEntry,
  parseHolder,
  readEntry,
  unmarkHeld,
  usualTiming,
} from "./lock-holder.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { StoppedError } from "./stopped.ts";
import { unfinishedPath } from "./temporary.ts";

export const lockName = "lock";

export interface LockOptions {
  /** Called with a sentence when it takes a while to find out whether a holder is still there. */
  readonly onWait?: ((text: string) => void) | undefined;
  /** Ends that wait, with a `StoppedError`. */
  readonly signal?: AbortSignal | undefined;
  readonly timing?: LockTiming;
}

/** Entries of the locks held here, by the path of the lock. */
const held = new Map<string, string>();

/** Attempts, of which each but the last failed because another process did something meanwhile. */
const attempts = 100;

/**
 * Take the lock of `folder` (made if missing). A lock whose holder is gone is taken over: at once
 * where the holder's number can be looked up, and otherwise (another container, another machine,
 * before a restart) after two minutes without a sign of life. Returns what gives the lock back, and
 * removes the folder if nothing was put there. Throws `InputError` when another process works there.
 */
export async function takeLock(
  folder: string,
  options: LockOptions = {},
): Promise<() => Promise<void>> {
  const path = resolve(folder, lockName);
  const entry = `holder-${randomBytes(8).toString("hex")}`;
  const { text, beatAt } = ownEntry();
  markHeld(entry);
  try {
    await acquire(path, entry, text, options);
  } catch (error) {
    unmarkHeld(entry);
    throw explain(error, path);
  }
  held.set(path, entry);
  const { beatEvery } = options.timing ?? usualTiming;
  const stopBeating = startBeating(join(path, entry), beatAt, beatEvery);
  return async () => {
    stopBeating();
    if (held.get(path) === entry) held.delete(path);
    await removeEntry(path, entry).finally(() => unmarkHeld(entry));
    await rmdir(path).catch(() => undefined);
    await rmdir(folder).catch(() => undefined);
  };
}

/**
 * Throws `InputError` when the lock of `folder`, taken here, is no longer there: the folder was
 * deleted or replaced, or another machine has taken the run over while this one was suspended.
 */
export async function requireLock(folder: string): Promise<void> {
  const path = resolve(folder, lockName);
  const entry = held.get(path);
  if (entry !== undefined && (await isThere(join(path, entry)))) return;
  throw new InputError(
    `${runOf(path)}: the folder was deleted or replaced, or another process took the run over; run the same command again`,
  );
}

async function acquire(
  path: string,
  entry: string,
  text: string,
  options: LockOptions,
): Promise<void> {
  let last: unknown;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await wait(Math.random() * Math.min(attempt, 20));
    last = (await clear(path, options)) ?? (await offer(path, entry, text));
    if (await isSole(path, entry)) return;
  }
  throw last;
}

/**
 * What a rename says when the lock is taken (Windows: EPERM), when the folder was removed a moment
 * ago by a process that gave it back, or while another program looks at the new file.
 */
const inTheWay = ["EEXIST", "ENOTEMPTY", "ENOTDIR", "ENOENT", "EPERM", "EACCES", "EBUSY"];

/** Put the lock in its place, unless one with an entry is there. Returns the error that may pass. */
async function offer(path: string, entry: string, text: string): Promise<unknown> {
  const offered = unfinishedPath(path);
  let passing = ["ENOENT"];
  try {
    await makeFolder(dirname(path));
    await mkdir(offered);
    await writeFile(join(offered, entry), text, { flag: "wx" });
    passing = inTheWay;
    await rename(offered, path);
    return undefined;
  } catch (error) {
    await rm(offered, { recursive: true, force: true }).catch(() => undefined);
    if (!passing.includes(systemCode(error) ?? "")) throw error;
    return error;
  }
}

/**
 * Whether the lock holds this entry and no other. Looked at even after a rename that failed: a
 * network disk may have done it and lost the answer.
 */
async function isSole(path: string, entry: string): Promise<boolean> {
  const entries = await entriesOf(path);
  if (!entries.includes(entry)) return false;
  if (entries.length === 1) return true;
  await removeEntry(path, entry);
  return false;
}

/**
 * Remove entries of dead holders; throw when a holder is alive. Returns an error for what is not an
 * entry, which is thrown when it does not go away: network disks keep a removed file for a moment.
 */
async function clear(path: string, options: LockOptions): Promise<InputError | undefined> {
  let foreign: InputError | undefined;
  for (const entry of await entriesOf(path)) {
    if (!/^holder-[0-9a-f]{16}$/.test(entry)) foreign = notALock(path, "it holds other files");
    else if (await isDead(path, entry, options)) await removeEntry(path, entry);
  }
  await rmdir(path).catch(() => undefined);
  return foreign;
}

/** The names in the lock; none without a lock. */
async function entriesOf(path: string): Promise<readonly string[]> {
  const there = await lstat(path).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
    throw unseen(path, explainRead(error, path));
  });
  if (there === undefined) return [];
  if (!there.isDirectory()) throw notALock(path, "it is not a folder");
  const entries = await listIfThere(path).catch((error: unknown) => {
    throw unseen(path, error);
  });
  return entries ?? [];
}

/** Whether the holder of an entry is gone; throws when it is not. */
async function isDead(path: string, entry: string, options: LockOptions): Promise<boolean> {
  const file = join(path, entry);
  const read = () =>
    readEntry(file).catch((error: unknown) => {
      throw unseen(path, error);
    });
  const bytes = await read();
  if (bytes === undefined) return true;
  const holder = parseHolder(bytes);
  const life = lifeOfHolder(entry, holder);
  if (life === "alive") throw locked(path, holder);
  if (life === "dead") return true;
  const { onWait, signal, timing = usualTiming } = options;
  const seconds = Math.ceil((timing.looks * timing.lookEvery) / 1000);
  onWait?.(
    `${runOf(path)}: looking for up to ${seconds} s whether ${nameOf(holder)}, which holds the lock, still works`,
  );
  if (await isSilent(read, bytes, timing, signal)) return true;
  if (signal?.aborted !== true) throw locked(path, holder);
  throw new StoppedError(
    `${runOf(path)}: stopped while looking whether ${nameOf(holder)}, which holds the lock, still works`,
  );
}

/** Remove the entry, if it is still there. */
async function removeEntry(path: string, entry: string): Promise<void> {
  await unlink(join(path, entry)).catch((error: unknown) => {
    if (!["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) throw explain(error, path);
  });
}

function runOf(path: string): string {
  return folderTitle(dirname(path));
}

function locked(path: string, holder: ProcessIdentity | undefined): InputError {
  return new InputError(`${runOf(path)}: locked by ${nameOf(holder)}; wait for it or stop it`);
}

function notALock(path: string, why: string): InputError {
  return new InputError(
    `${runOf(path)}: ${path} is not a lock of tinylens, ${why}; if no process works there, delete it`,
  );
}

/** The error for a lock that cannot be read, which says nothing about its holder. */
function unseen(path: string, error: unknown): unknown {
  if (!(error instanceof InputError)) return error;
  return new InputError(
    `${runOf(path)}: a process may work there, since its lock cannot be read (${error.message}); if none does, delete ${path}`,
  );
}

/** Whether a process works in `folder`, or may do so: one on another machine cannot be seen. */
export async function isHeld(folder: string): Promise<boolean> {
  const path = resolve(folder, lockName);
  for (const entry of await entriesOf(path)) {
    const bytes = await readEntry(join(path, entry));
    if (bytes !== undefined && lifeOfHolder(entry, parseHolder(bytes)) !== "dead") return true;
  }
  return false;
}
