/** Reading what may be absent. Only ENOENT means "not there"; every other error is thrown. */

import { constants, type Stats } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { InputError } from "../core/errors.ts";
import { explain, explainRead, isAbsent } from "./disk-errors.ts";

/** What Node reads at once. */
const largest = 2 ** 31 - 1;

/** Looks at the first bytes of a file of `size` bytes and throws `InputError` for a wrong one. */
export type StartCheck = (start: Uint8Array, size: number) => void;

/** How much of a file a `StartCheck` sees. */
const startBytes = 512;

/**
 * The bytes of a file; undefined when it is not there. Folders, pipes and devices are refused
 * without waiting for them, and so are files of more than `limit` bytes and, before more is read than
 * the first 512 bytes, what `check` refuses.
 */
export async function readIfThere(
  path: string,
  limit: number = largest,
  check?: StartCheck,
): Promise<Uint8Array | undefined> {
  return ifThere(path, async () => {
    // A pipe without a writer would keep an ordinary open waiting for ever.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const entry = await file.stat();
      requireFile(path, entry, limit);
      if (check !== undefined) {
        const start = new Uint8Array(startBytes);
        const { bytesRead } = await file.read(start, 0, startBytes, 0);
        check(start.subarray(0, bytesRead), entry.size);
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  });
}

/** The text of a file; undefined when it is not there. */
export async function readTextIfThere(path: string, limit?: number): Promise<string | undefined> {
  const bytes = await readIfThere(path, limit);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** The names in a folder, in order; undefined when it is not there. */
export async function listIfThere(folder: string): Promise<string[] | undefined> {
  return ifThere(folder, async () => (await readdir(folder)).sort());
}

/** What lies at `path`, links followed; undefined when nothing does. */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  return ifThere(path, () => stat(path));
}

/** Whether something lies at `path`; an error when that cannot be found out. */
export async function isThere(path: string): Promise<boolean> {
  return (await statIfThere(path)) !== undefined;
}

/** Remove a file that may be absent. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw explain(error, path);
  }
}

async function ifThere<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw explainRead(error, path);
  }
}

function requireFile(path: string, entry: Stats, limit: number): void {
  if (entry.isDirectory()) throw new InputError(`cannot read ${path}: it is a folder; name a file`);
  if (!entry.isFile()) {
    throw new InputError(`cannot read ${path}: it is a pipe or a device; name a file`);
  }
  if (entry.size > limit) {
    throw new InputError(`cannot read ${path}: it has ${entry.size} bytes, the limit is ${limit}`);
  }
}
