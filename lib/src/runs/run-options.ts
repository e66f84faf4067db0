/** What a run, an analysis or a view needs from outside. */

import { type Backend, type BackendName, openBackend } from "../compile/index.ts";
import type { OptionNames } from "../core/options.ts";
import type { Opener } from "./disk.ts";
import type { LockOptions } from "./lock.ts";
import type { OnProgress } from "./progress.ts";

/** Options of `runArticle`. */
export interface RunOptions {
  /** By default the one that the run was begun on, or for a new run the first that works here. */
  readonly device?: BackendName | undefined;
  /** Opens a back end when something has to be computed; by default `openBackend`. */
  readonly backend?: (device: BackendName | undefined) => Promise<Backend>;
  /**
   * Most threads of a computation; small ones use one. Default: the machine's cores, and for a run
   * that goes on the number it began with.
   */
  readonly threads?: number | undefined;
  /** Folder of the run folders. */
  readonly out: string;
  /** Delete what is there and train again. */
  readonly fresh?: boolean;
  /** Ends training after the current update, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Reads published files by name; undefined for one that is absent. Default: none is there. */
  readonly published?: (name: string) => Promise<Uint8Array | undefined>;
  /** How files are opened for writing. */
  readonly opener?: Opener;
}

/** The names of `RunOptions`. */
export const runNames: OptionNames<RunOptions> = {
  device: true,
  backend: true,
  threads: true,
  out: true,
  fresh: true,
  signal: true,
  onProgress: true,
  published: true,
  opener: true,
};

/** Says what is waited for, and stops waiting when the run is to stop. */
export function lockOptions({
  onProgress,
  signal,
}: Pick<RunOptions, "onProgress" | "signal">): LockOptions {
  return { signal, onWait: (text) => onProgress?.({ kind: "message", text }) };
}

/** The back end of a run, or of an analysis, on `device`. */
export function backendFor(
  device: BackendName | undefined,
  { backend, onProgress = () => {} }: Pick<RunOptions, "backend" | "onProgress">,
): Promise<Backend> {
  const say = (text: string): void => onProgress({ kind: "message", text });
  return backend === undefined ? openBackend(device, { say }) : backend(device);
}
