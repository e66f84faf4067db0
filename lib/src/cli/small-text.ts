/** Short texts from a file or a pipe. */

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { InputError } from "../core/errors.ts";
import { readTextIfThere, statIfThere } from "../runs/disk.ts";

const largest = 2 ** 20;

/** How long a pipe may be silent, and how often it is looked at, in ms. */
const patience = 10_000;
const pause = 20;

/**
 * The text of a file of at most 1 MiB, or of a pipe, as in `--config <(echo '{}')`. `where` opens the
 * messages. Throws `InputError` for anything else and for a pipe that is silent for ten seconds.
 */
export async function readSmallText(where: string, path: string): Promise<string> {
  const entry = await statIfThere(path);
  const text =
    entry?.isFIFO() === true ? await readPipe(where, path) : await readTextIfThere(path, largest);
  if (text === undefined)
    throw new InputError(`${where}: cannot read ${path}: it is not there; check the path`);
  return text;
}

async function readPipe(where: string, path: string): Promise<string> {
  // An ordinary open would wait for ever where nobody writes.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const parts: Uint8Array[] = [];
    let total = 0;
    for (let left = patience; left > 0; ) {
      const part = await readPart(file);
      if (part === undefined) {
        await wait(pause);
        left -= pause;
      } else if (part.length === 0) {
        return Buffer.concat(parts).toString("utf8");
      } else {
        parts.push(part);
        total += part.length;
        left = patience;
        if (total > largest) {
          throw new InputError(`${where}: ${path} gives more than ${largest} bytes`);
        }
      }
    }
    throw new InputError(
      `${where}: nothing came from the pipe ${path} in ${patience / 1000} seconds`,
    );
  } finally {
    await file.close();
  }
}

/** What there is to read; empty at the end, undefined when nothing is there yet. */
async function readPart(file: FileHandle): Promise<Uint8Array | undefined> {
  const buffer = new Uint8Array(2 ** 16);
  try {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return undefined;
    throw error;
  }
}
