/** The back end asked for, or the first that works on this machine. */

import { MissingError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import type { Backend, BackendName } from "./backend.ts";

/** Every back end, the fastest first: the order in which they are tried. */
export const backendNames = ["native", "web", "jax"] as const satisfies readonly BackendName[];

/** How `openBackend` opens and speaks; all fields are optional. */
export interface OpenOptions {
  /** Told in one line which back ends were left out and why; by default `console.warn`. */
  readonly say?: (line: string) => void;
  /** Opens one back end; by default this library's own. */
  readonly open?: (name: BackendName) => Promise<Backend>;
}

/** Each back end's folder is loaded when it is asked for. */
const openers: { readonly [N in BackendName]: () => Promise<Backend> } = {
  native: async () => (await import("./backends/native/index.ts")).nativeBackend(),
  web: async () => (await import("./backends/web/index.ts")).webBackend(),
  jax: async () => (await import("./backends/jax/index.ts")).jaxBackend(),
};

/** One of this library's back ends by name. Throws `MissingError` where it does not work. */
export function openOne(name: BackendName): Promise<Backend> {
  return openers[name]();
}

/**
 * The back end `name`, or without a name the first of native, web and jax that works here. Throws
 * `MissingError` for a named one that does not work, with those that do, and when none works.
 */
export async function openBackend(name?: BackendName, options: OpenOptions = {}): Promise<Backend> {
  checkOptions("openBackend", options, { say: true, open: true });
  // biome-ignore lint/suspicious/noConsole: a fall-back is never silent, and a library has no other voice
  const { open = openOne, say = (line) => console.warn(line) } = options;
  if (name !== undefined) return openNamed(name, open);
  const reasons: string[] = [];
  for (const candidate of backendNames) {
    const backend = await tryOpen(() => open(candidate));
    if (!(backend instanceof MissingError)) {
      if (reasons.length > 0) say(`using ${candidate}, because ${reasons.join(" | ")}`);
      return backend;
    }
    reasons.push(backend.message);
  }
  throw new MissingError(`no device works here: ${reasons.join(" | ")}`);
}

async function openNamed(
  name: BackendName,
  open: (name: BackendName) => Promise<Backend>,
): Promise<Backend> {
  const backend = await tryOpen(() => open(name));
  if (!(backend instanceof MissingError)) return backend;
  const working: BackendName[] = [];
  for (const other of backendNames.filter((candidate) => candidate !== name)) {
    if (!((await tryOpen(() => open(other))) instanceof MissingError)) working.push(other);
  }
  const choice =
    working.length === 0
      ? "no other device works here"
      : `or choose ${working.join(" or ")}, which ${working.length === 1 ? "works" : "work"} here`;
  throw new MissingError(`${backend.message}; ${choice}`, { cause: backend });
}

/** A missing back end is a value here; other errors are thrown. */
async function tryOpen(open: () => Promise<Backend>): Promise<Backend | MissingError> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof MissingError) return error;
    throw error;
  }
}
