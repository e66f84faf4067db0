/** The command line's surroundings in a real process. */

import type { Backend, BackendName } from "../compile/index.ts";
import { models } from "../models/index.ts";
import * as studies from "../studies/all.ts";
import { tasks } from "../tasks/index.ts";
import type { Context } from "./context.ts";

/** Each back end's folder is loaded when it is asked for. */
const backends: { readonly [N in BackendName]: () => Promise<Backend> } = {
  native: async () => (await import("../compile/backends/native/index.ts")).nativeBackend(),
  web: async () => (await import("../compile/backends/web/index.ts")).webBackend(),
  jax: async () => (await import("../compile/backends/jax/index.ts")).jaxBackend(),
};

export function defaultContext(): Context {
  return {
    studies,
    tasks,
    models,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    now: () => performance.now(),
    backend: (name) => backends[name](),
    onInterrupt,
    exit: (code) => process.exit(code),
  };
}

function onInterrupt(handler: () => void): () => void {
  process.on("SIGINT", handler).on("SIGTERM", handler);
  return () => void process.off("SIGINT", handler).off("SIGTERM", handler);
}
