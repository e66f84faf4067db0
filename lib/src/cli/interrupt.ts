import type { Context } from "./context.ts";

/**
 * Run `work` with a signal that the first Ctrl-C (or termination signal) aborts; the second ends
 * the process at once with code 130.
 */
export async function interruptible<T>(
  { onInterrupt, stderr, exit }: Context,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const off = onInterrupt(() => {
    if (controller.signal.aborted) exit(130);
    controller.abort();
    stderr.write("\nstopping after this step; press Ctrl-C again to stop at once\n");
  });
  try {
    return await work(controller.signal);
  } finally {
    off();
  }
}
