/** How many threads a run uses. Results depend on it, so a run keeps it on every machine. */

import { availableParallelism } from "node:os";
import { type Backend, threadsFor } from "../compile/index.ts";

/** Most threads of a new run: as many as were asked for, or as the machine has cores. */
export function maxThreads(asked: number | undefined): number {
  return asked ?? availableParallelism();
}

/**
 * The back end with programs that use at most `most` threads, whatever the machine: one for small
 * ones, `most` for large ones.
 */
export function withThreads(backend: Backend, most: number): Backend {
  return {
    name: backend.name,
    float64: backend.float64,
    upload: (array) => backend.upload(array),
    compile: (program, { threads = threadsFor(program, most), ...options } = {}) =>
      backend.compile(program, { ...options, threads }),
  };
}
