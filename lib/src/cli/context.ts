/** Everything the command line touches, injected so that tests can run it. */

import type { Backend, BackendName } from "../compile/index.ts";
import type { Study } from "../lab/index.ts";

/** A stream of text: a terminal, a pipe, or a test's. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Something with a name and a line about it. */
export interface Named {
  readonly name: string;
  readonly title: string;
}

/** Signals that ask a process to stop: Ctrl-C, `kill`, a closed terminal, Ctrl-\. */
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** All that the command line reaches outside of itself. */
export interface Context {
  readonly studies: Readonly<Record<string, Study>>;
  /** Tasks and models, for the listing. */
  readonly tasks: Readonly<Record<string, Named>>;
  readonly models: Readonly<Record<string, Named>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether `--no-color` was given; see `hasColor`. */
  readonly noColor: boolean;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  readonly backend: (name: BackendName) => Promise<Backend>;
  /** Calls `handler` on each signal that asks the process to stop, until the returned function is called. */
  readonly onInterrupt: (handler: (signal: StopSignal) => void) => () => void;
  /** End the process at once, whatever it waits for; a shell sees code 130. */
  readonly endAtOnce: () => void;
}
