/** Names on the command line to things. */

import { readFile } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Backend, BackendName } from "../compile/index.ts";
import { InputError, UnknownNameError } from "../core/errors.ts";
import type { Study } from "../studies/study.ts";
import type { Context } from "./context.ts";

export const devices = ["native", "web", "jax"] as const satisfies readonly BackendName[];

/** The study with this name. */
export function findStudy(
  { studies }: Context,
  command: string,
  name: string,
): Study<unknown, unknown> {
  const study = Object.values(studies).find((candidate) => candidate.name === name);
  if (study !== undefined) return study;
  const names = Object.values(studies).map((candidate) => candidate.name);
  throw new UnknownNameError(command, "study", name, names);
}

/** The device with this name. */
export function findDevice(name: string): BackendName {
  const device = devices.find((candidate) => candidate === name);
  if (device === undefined) throw new UnknownNameError("--device", "device", name, devices);
  return device;
}

/** More threads than any machine has of cores only cost memory. */
const mostThreads = 256;

/** The number of threads, or undefined when the flag was not given. */
export function threadsFlag(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > mostThreads) {
    throw new InputError(`--threads: must be a whole number from 1 to ${mostThreads}, got ${text}`);
  }
  return count;
}

/** The back end of a device, made at the first call. */
export function lazyBackend(context: Context, device: BackendName): () => Promise<Backend> {
  let made: Promise<Backend> | undefined;
  return () => {
    made ??= context.backend(device);
    return made;
  };
}

/**
 * Reads published checkpoints by name from the folder in `TINYLENS_DATA`, or else from
 * `../shared/data` beside the checkout. Undefined for what is not there.
 */
export function publishedReader(
  env: Context["env"],
): (name: string) => Promise<Uint8Array | undefined> {
  const beside = fileURLToPath(new URL("../../../../shared/data", import.meta.url));
  const folder = env.TINYLENS_DATA ?? beside;
  return async (name) => {
    if (isAbsolute(name) || normalize(name).startsWith("..")) {
      throw new InputError(`published: must be a name inside the data folder, got ${name}`);
    }
    return readFile(join(folder, name)).catch(() => undefined);
  };
}
