/** The command line as a process of its own, with streams that may close at any time. */

import { setImmediate } from "node:timers/promises";
import { sentence } from "../core/text.ts";
import { explain } from "../runs/disk-errors.ts";
import { main } from "./main.ts";

/** Nobody is there to read: no fault of ours, and nothing is lost that anybody wanted. */
const readerGone: ReadonlySet<string | undefined> = new Set(["EPIPE", "EIO", "ECONNRESET"]);

/**
 * Run the words after `tinylens` and set the exit code. A closed pipe or terminal ends no work: what
 * would go there is dropped. Standard output that cannot be written for another reason (a full disk)
 * is exit code 2 with a sentence on standard error.
 */
export async function start(argv: readonly string[]): Promise<void> {
  const { stdout, stderr } = process;
  let lost: NodeJS.ErrnoException | undefined;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (!readerGone.has(error.code)) lost ??= error;
  });
  stderr.on("error", () => {});
  process.exitCode = await main(argv);
  await written(stdout);
  if (lost === undefined) return;
  const told = explain(lost, "standard output", "send it elsewhere");
  stderr.write(`tinylens: ${sentence(told instanceof Error ? told.message : String(told))}\n`);
  process.exitCode = 2;
}

/** When everything has gone out, or failed to. */
async function written(stream: NodeJS.WritableStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write("", () => resolve());
  });
  await setImmediate();
}
