/** Loading an optional package, or saying why it cannot be had. */

import { MissingError } from "../../core/errors.ts";
import type { BackendName } from "../backend.ts";

/**
 * The module that `load` imports. Throws `MissingError` that tells a package that is not installed from
 * one that cannot be loaded here (its binary is for another system, say).
 */
export async function loadRuntime<T>(
  device: BackendName,
  name: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof MissingError) throw cause;
    const why = isAbsent(cause, name)
      ? `${name} is not installed; run npm install ${name}`
      : `${name} cannot be loaded (${firstLine(cause)})`;
    throw new MissingError(`${device}: ${why}`, { cause });
  }
}

/** Whether Node found no package of this name: a file missing inside the package is another matter. */
function isAbsent(cause: unknown, name: string): boolean {
  if (!(cause instanceof Error)) return false;
  const { code } = cause as { readonly code?: unknown };
  const notFound = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
  return notFound && cause.message.startsWith(`Cannot find package '${name}'`);
}

function firstLine(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split("\n", 1)[0] as string;
}

/**
 * Imports an optional package when the program runs. Bundlers do not see the name, so that an application
 * which never asks for the package neither needs it nor carries its megabytes.
 */
export function importWhenAsked<T>(name: string): Promise<T> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name) as Promise<T>;
}
