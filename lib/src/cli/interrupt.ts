import type { Context, StopSignal } from "./context.ts";

/** Pressed on purpose; the others may come twice when a terminal or a session closes. */
const pressed: readonly StopSignal[] = ["SIGINT", "SIGQUIT"];

/**
 * Run `work` with an abort signal that the first Ctrl-C, `kill` or closed terminal aborts; a Ctrl-C (or
 * Ctrl-\) after that ends the process at once.
 */
export async function interruptible<T>(
  { onInterrupt, stderr, endAtOnce }: Context,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const off = onInterrupt((signal) => {
    if (controller.signal.aborted) {
      if (pressed.includes(signal)) endAtOnce();
      return;
    }
    controller.abort();
    stderr.write("\nstopping after this step; press Ctrl-C again to stop at once\n");
  });
  try {
    return await work(controller.signal);
  } finally {
    off();
  }
}
