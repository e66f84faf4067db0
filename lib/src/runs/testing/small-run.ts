/** Runs of the small study for tests, on the native back end. */

import { init } from "../../arrays/index.ts";
import { type Backend, nativeBackend } from "../../compile/index.ts";
import type { AnyPlan, Study } from "../../lab/index.ts";
import type { RunOutcome } from "../outcome.ts";
import { runArticle, runFolder } from "../run-article.ts";
import type { RunOptions } from "../run-options.ts";
import { trainingFolder } from "../training-folder.ts";
import { type SmallParams, type SmallView, smallStudy } from "./small-study.ts";

/** Twelve updates of the model alone, unless `given` says otherwise. */
export function paramsOf(given: Partial<SmallParams> = {}): SmallParams {
  return smallStudy.params.parse({ steps: 12, shuffled: false, ...given });
}

/** Path of the folder of a run. */
export function folderOf(out: string, given: Partial<SmallParams> = {}): string {
  return runFolder(out, smallStudy.name, paramsOf(given));
}

/** Path of the folder of a training of a run. */
export function trainingOf(
  out: string,
  given: Partial<SmallParams> = {},
  name = "model",
): Promise<string> {
  return trainingFolder(out, smallStudy.plans(paramsOf(given))[name] as AnyPlan);
}

let backend: Promise<Backend> | undefined;

/** The native back end, made once. */
export function native(): Promise<Backend> {
  backend ??= init().then(() => nativeBackend());
  return backend;
}

/** Run the small study in `out`. */
export function runSmall(
  out: string,
  given: Partial<SmallParams> = {},
  options: Partial<RunOptions> & { readonly view?: SmallView } = {},
): Promise<RunOutcome> {
  const { view = {}, ...others } = options;
  const asked = { study: smallStudy as unknown as Study, params: paramsOf(given), view };
  return runArticle(asked, { device: "native", backend: native, out, ...others });
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
