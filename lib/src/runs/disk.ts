/** Files that appear whole or not at all, and one sentence when the disk refuses. */

import {
  chmod,
  chown,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InputError } from "../core/errors.ts";
import { explain, isAbsent, otherFolder, systemCode } from "./disk-errors.ts";
import { unfinishedPath } from "./temporary.ts";

export { explain, explainRead } from "./disk-errors.ts";
export {
  isThere,
  listIfThere,
  readIfThere,
  readTextIfThere,
  removeIfThere,
  statIfThere,
} from "./disk-read.ts";
export { removeUnfinished } from "./temporary.ts";

/** The part of an open file that is used here. */
export type OpenFile = Pick<FileHandle, "write" | "truncate" | "sync" | "close">;

/** How files are opened for writing: `open` of `node:fs/promises`. */
export type Opener = (path: string, flags: string, mode?: number) => Promise<OpenFile>;

export const openOnDisk: Opener = (path, flags, mode) => open(path, flags, mode);

/**
 * Write a file under a temporary name, flush it, and give it its name. A file that was there keeps
 * its permissions; a symbolic link is replaced, not followed. `remedy` ends the sentence where the
 * place is at fault.
 */
export async function writeWhole(
  path: string,
  content: Uint8Array | string,
  opener: Opener = openOnDisk,
  remedy: string = otherFolder,
): Promise<void> {
  let temporary: string | undefined;
  try {
    await makeFolder(dirname(path));
    const before = await entryAt(path);
    temporary = unfinishedPath(path);
    const file = await opener(temporary, "wx", before?.mode);
    try {
      await writeAll(file, content);
      await flush(file);
    } finally {
      await file.close();
    }
    if (before !== undefined) await giveBack(temporary, before);
    await renameOver(temporary, path);
    await flushFolder(dirname(path));
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    throw explain(error, path, remedy);
  }
}

/** `writeWhole` to the file that `path` means: symbolic links stay, and what they point at is replaced. */
export async function replaceFile(
  path: string,
  content: Uint8Array | string,
  remedy: string = otherFolder,
): Promise<void> {
  let target: string;
  try {
    target = await targetOf(path);
  } catch (error) {
    throw explain(error, path, remedy);
  }
  await writeWhole(target, content, openOnDisk, remedy);
}

/**
 * Make a folder and those above it, one by one: the recursive `mkdir` of Node never ends where the
 * system refuses with ENOENT, as under /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  const first = await madeOne(path);
  if (first === undefined) return;
  if (systemCode(first) !== "ENOENT" || dirname(path) === path) throw first;
  await makeFolder(dirname(path));
  const second = await madeOne(path);
  if (second !== undefined) throw second;
}

/** Make one folder unless it is there. Returns the error when that cannot be. */
async function madeOne(path: string): Promise<unknown> {
  for (;;) {
    const error = await mkdir(path).catch((refused: unknown) => refused);
    if (error === undefined) return undefined;
    const kind = await kindAt(path);
    if (kind === "folder") return undefined;
    // Else it was there and is gone: another process gave back an empty folder.
    if (kind === "other" || systemCode(error) !== "EEXIST") return error;
  }
}

/** What lies at a path; a link that points at nothing is something. */
async function kindAt(path: string): Promise<"folder" | "nothing" | "other"> {
  try {
    const entry = await lstat(path);
    if (entry.isDirectory()) return "folder";
    if (!entry.isSymbolicLink()) return "other";
  } catch (error) {
    return isAbsent(error) ? "nothing" : "other";
  }
  return stat(path).then(
    (target) => (target.isDirectory() ? "folder" : "other"),
    () => "other" as const,
  );
}

/** Write every byte; a disk that fills up may take only a part at a time. */
export async function writeAll(file: OpenFile, content: Uint8Array | string): Promise<number> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
  }
  return bytes.length;
}

/** How a system says that it cannot flush this kind of thing: Windows, and many network disks. */
const noFlush = [
  ...["EPERM", "EACCES", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EISDIR", "EBADF", "ENOTTY"],
];

/** Wait until what was written is on the disk, as far as the system can promise that. */
export async function flush(file: Pick<OpenFile, "sync">): Promise<void> {
  await file.sync().catch(unlessOneOf(noFlush));
}

/** Wait until the names in a folder are on the disk, as far as the system can promise that. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(unlessOneOf(noFlush));
  if (handle === undefined) return;
  try {
    await flush(handle);
  } finally {
    await handle.close();
  }
}

/** Waits between attempts to rename, in ms: a virus scanner may hold a new file open for a moment. */
const pauses = [10, 20, 40, 80, 160, 320];

/** Rename, and try again where another program may be in the way. */
async function renameOver(from: string, to: string): Promise<void> {
  for (const pause of pauses) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (!["EPERM", "EACCES", "EBUSY"].includes(systemCode(error) ?? "")) throw error;
      await wait(pause);
    }
  }
  await rename(from, to);
}

/** A handler that swallows errors with one of these codes. */
function unlessOneOf(codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(systemCode(error) ?? "")) throw error;
  };
}

/** Permissions and owner of a file. */
interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The attributes of the file that will be replaced; undefined without one. */
async function entryAt(path: string): Promise<Attributes | undefined> {
  const entry = await lstat(path).catch((error: unknown) => {
    if (!isAbsent(error)) throw error;
  });
  if (entry === undefined || entry.isSymbolicLink()) return undefined;
  if (!entry.isFile())
    throw new InputError(`cannot write ${path}: it is there and is no file; choose another name`);
  return { mode: entry.mode & 0o777, uid: entry.uid, gid: entry.gid };
}

/** As far as the disk has such things and the system allows it. */
async function giveBack(path: string, { mode, uid, gid }: Attributes): Promise<void> {
  const now = await lstat(path);
  if (now.uid !== uid || now.gid !== gid) await chown(path, uid, gid).catch(() => undefined);
  if ((now.mode & 0o777) !== mode) await chmod(path, mode).catch(() => undefined);
}

/** Follow the symbolic links at the end of a path, also one that points at nothing yet. */
async function targetOf(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links < 40; links++) {
    const folder = await realpath(dirname(target)).catch((error: unknown) => {
      if (!isAbsent(error)) throw error;
    });
    if (folder === undefined) return target;
    target = join(folder, basename(target));
    const entry = await lstat(target).catch((error: unknown) => {
      if (!isAbsent(error)) throw error;
    });
    if (entry?.isSymbolicLink() !== true) return target;
    target = resolve(folder, await readlink(target));
  }
  throw Object.assign(new Error("too many links"), { code: "ELOOP" });
}
