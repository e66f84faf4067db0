/** Names on the command line to things. */

import { isAbsolute, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Backend, type BackendName, backendNames, openBackend } from "../compile/index.ts";
import { InputError, UnknownNameError } from "../core/errors.ts";
import type { Study } from "../lab/index.ts";
import { readIfThere } from "../runs/disk-read.ts";
import type { Context } from "./context.ts";

/** The study with this name, or in the file with this path. */
export function findStudy({ studies }: Context, command: string, name: string | undefined): Study {
  if (name !== undefined && Object.hasOwn(studies, name)) return studies[name] as Study;
  const study = Object.values(studies).find((candidate) => candidate.name === name);
  if (study !== undefined) return study;
  const names = Object.values(studies).map((candidate) => candidate.name);
  if (name === undefined) throw new InputError(`${command}: needs a study: ${names.join(", ")}`);
  throw new UnknownNameError(command, "study", name, names);
}

/** The device with this name; undefined when none was asked for. */
export function findDevice(name: string | undefined): BackendName | undefined {
  if (name === undefined) return undefined;
  const device = backendNames.find((candidate) => candidate === name);
  if (device === undefined) throw new UnknownNameError("--device", "device", name, backendNames);
  return device;
}

/** More threads than any machine has of cores only cost memory. */
const maxThreads = 256;

/** The number of threads, or undefined when the flag was not given. */
export function threadsFlag(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > maxThreads) {
    throw new InputError(`--threads: must be a whole number from 1 to ${maxThreads}, got ${text}`);
  }
  return count;
}

/** Opens the device asked for, or the first that works here; `say` is told of those left out. */
export function backendOpener(
  { backend }: Context,
  say: (line: string) => void,
): (device: BackendName | undefined) => Promise<Backend> {
  return (device) => openBackend(device, { open: backend, say });
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
    return readIfThere(join(folder, name));
  };
}
