/** The command line's surroundings in a real process. */

import { openOne } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import { models } from "../models/index.ts";
import * as studies from "../studies/all.ts";
import { tasks } from "../tasks/index.ts";
import type { Context, StopSignal } from "./context.ts";

export function defaultContext(): Context {
  return {
    studies,
    tasks,
    models,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    noColor: false,
    cwd: workingFolder(),
    now: () => performance.now(),
    backend: openOne,
    onInterrupt,
    endAtOnce,
  };
}

/** Throws `InputError` when the folder was deleted since the shell went there. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new InputError("the working folder is not there any more; change to another one", {
      cause,
    });
  }
}

const stopSignals: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

function onInterrupt(handler: (signal: StopSignal) => void): () => void {
  for (const signal of stopSignals) process.on(signal, handler);
  return () => {
    for (const signal of stopSignals) process.off(signal, handler);
  };
}

/**
 * By the signal itself: `process.exit` would wait for the threads of the file system, which a pipe or
 * a disk that does not answer can hold for ever.
 */
function endAtOnce(): void {
  process.removeAllListeners("SIGINT");
  process.kill(process.pid, "SIGINT");
}
