import { type RunProgress, runArticle } from "../../runs/index.ts";
import { backendOpener, findDevice, findStudy, publishedReader, threadsFlag } from "../find.ts";
import { interruptible } from "../interrupt.ts";
import { printOutcome } from "../output.ts";
import { fileOf } from "../own-study.ts";
import { paramsOf, viewOf } from "../params.ts";
import { progressView } from "../progress.ts";
import type { Command } from "./command.ts";
import { outFolder, type StudyFlags, studyFlags } from "./flags.ts";

interface RunFlags extends StudyFlags {
  readonly fresh?: boolean;
  readonly threads?: string;
}

/** `tinylens run <study>`: train (or load), analyze, judge, report. */
export const run: Command = {
  name: "run",
  define(parser, context, done) {
    studyFlags(parser, context)
      .description("train a study's model, or load the same run, analyze it and write its report")
      .option(
        "--threads <n>",
        "most threads of a computation (default: the cores; small ones use one)",
      )
      .option("--fresh", "delete an earlier run and train again")
      .action(async (name: string | undefined, flags: RunFlags) => {
        const study = findStudy(context, "run", name);
        const params = paramsOf(study, flags);
        const device = findDevice(flags.device);
        const threads = threadsFlag(flags.threads);
        const view = viewOf(study, flags.view);
        const shown = progressView(study.name, context);
        const options = {
          device,
          backend: backendOpener(context, (text) => shown.show({ kind: "message", text })),
          threads,
          out: outFolder(context, flags.out),
          fresh: flags.fresh === true,
          onProgress: (progress: RunProgress) => shown.show(progress),
          published: publishedReader(context.env),
        };
        const outcome = await interruptible(context, (signal) =>
          runArticle({ study, params, view, ...fileOf(name) }, { ...options, signal }),
        ).finally(() => shown.done());
        done(printOutcome(context, outcome, flags.json === true));
      });
  },
};
