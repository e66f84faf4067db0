/** Runs of the small study for tests, on the native back end. */

import { init } from "../../arrays/index.ts";
import { type Backend, nativeBackend } from "../../compile/index.ts";
import type { RunOutcome } from "../outcome.ts";
import { type RunOptions, runFolder, runStudy } from "../run-study.ts";
import { type SmallParams, smallStudy } from "./small-study.ts";

/** Twelve updates without a companion, unless `given` says otherwise. */
export function paramsOf(given: Partial<SmallParams> = {}): SmallParams {
  return smallStudy.params.parse({ steps: 12, shuffled: false, ...given });
}

export function folderOf(out: string, given: Partial<SmallParams> = {}): string {
  return runFolder(out, smallStudy.name, paramsOf(given));
}

let backend: Promise<Backend> | undefined;

/** Run the small study in `out`. */
export function runSmall(
  out: string,
  given: Partial<SmallParams> = {},
  options: Partial<RunOptions> = {},
): Promise<RunOutcome> {
  const made = (): Promise<Backend> => {
    backend ??= init().then(() => nativeBackend());
    return backend;
  };
  const needed = { device: "native", backend: made, out } as const;
  return runStudy(smallStudy, paramsOf(given), { ...needed, ...options });
}

/** Stop training at a step, as Ctrl-C does. */
export function stopAt(step: number): Pick<RunOptions, "signal" | "onProgress"> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onProgress: (progress) => {
      if (progress.kind === "step" && progress.step === step) controller.abort();
    },
  };
}
