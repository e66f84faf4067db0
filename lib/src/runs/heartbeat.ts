/** Signs of life in a file, for processes that cannot see this one: other containers and machines. */

import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type BeatOrder, beatWidth, follow } from "./beat.ts";

/** What stands in the file before the first sign. */
export const noBeat = "0".repeat(beatWidth);

let give: ((order: BeatOrder) => void) | undefined;

/**
 * Count up at `offset` of the file, every `every` ms, until the function returned is called or the
 * process ends.
 */
export function startBeating(path: string, offset: number, every: number): () => void {
  give ??= startThread();
  give({ path, offset, every });
  return () => give?.({ path, offset });
}

/** One thread serves all files. It does not keep the process alive. */
function startThread(): (order: BeatOrder) => void {
  const orders = new Map<string, BeatOrder>();
  const module = `./heartbeat-worker${extname(fileURLToPath(import.meta.url))}`;
  const worker = new Worker(new URL(module, import.meta.url), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    name: "heartbeat",
  });
  worker.unref();
  worker.on("error", () => {
    // Without a thread the main one must do; it is late while a computation keeps it busy.
    give = follow;
    for (const order of orders.values()) follow(order);
  });
  return (order) => {
    orders.set(order.path, order);
    if (order.every === undefined) orders.delete(order.path);
    worker.postMessage(order);
  };
}
