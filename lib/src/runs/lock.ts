/** One process at a time works in a run folder. */

import { link, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { InputError } from "../core/errors.ts";
import { explain, makeFolder } from "./disk.ts";
import { unfinishedPath } from "./temporary.ts";

/** Who holds a lock. `started` tells a process from a later one with the same number. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly started: string;
}

export const lockName = "lock";

const heldHere = new Set<string>();

/**
 * Take the lock of `folder` (made if missing). The file names process and machine; one left by a
 * process of this machine that is gone is taken over. Returns what gives the lock back, and removes
 * the folder if nothing was put there. Throws `InputError` when another process works there.
 */
export async function takeLock(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, lockName);
  const own = unfinishedPath(path);
  try {
    await makeFolder(folder);
    const started = (await startOf(process.pid)) ?? "";
    const self: Holder = { pid: process.pid, host: hostname(), started };
    await writeFile(own, `${JSON.stringify(self)}\n`);
    while (!(await linked(own, path))) await clearStale(folder, path);
    heldHere.add(path);
  } catch (error) {
    throw explain(error, path);
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
  return async () => {
    heldHere.delete(path);
    await rm(path, { force: true });
    await rmdir(folder).catch(() => undefined);
  };
}

/** Remove a lock whose holder is gone; throw when it is not. */
async function clearStale(folder: string, path: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder === undefined) return;
  if (!(await isGone(holder, path))) throw new InputError(lockedMessage(folder, holder));
  const moved = unfinishedPath(`${path}-of-${holder.pid}`);
  await rename(path, moved).catch(() => undefined);
  const taken = await readHolder(moved);
  const meant = taken?.pid === holder.pid && taken.started === holder.started;
  if (taken !== undefined && !meant) await linked(moved, path);
  await rm(moved, { force: true });
}

/** Give the name `path` to the file `own` unless it is taken. */
async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return { pid: 0, host: "an unknown machine", started: "" };
  }
}

async function isGone({ pid, host, started }: Holder, path: string): Promise<boolean> {
  if (host !== hostname()) return false;
  if (pid === process.pid) return !heldHere.has(path);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
  const now = await startOf(pid);
  return now !== undefined && now !== started;
}

/** When a process began, in clock ticks since boot; undefined where there is no /proc. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function lockedMessage(folder: string, { pid, host }: Holder): string {
  const run = `run ${basename(folder)}: locked by process ${pid}`;
  return host === hostname()
    ? `${run}; wait for it or stop it`
    : `${run} on ${host}; if it is gone, delete ${join(folder, lockName)}`;
}
