import { InputError } from "../../core/errors.ts";
import { sentence } from "../../core/text.ts";
import { findRun, type OnProgress, type RunRecord, rebuildReport } from "../../runs/index.ts";
import { backendOpener, findDevice, findStudy, publishedReader } from "../find.ts";
import { interruptible } from "../interrupt.ts";
import { printOutcome } from "../output.ts";
import { viewOf } from "../params.ts";
import type { Command } from "./command.ts";
import { outFolder, viewFlag, withOut } from "./flags.ts";

interface ReportFlags {
  readonly out: string;
  readonly view?: readonly string[];
  readonly device?: string;
  readonly study?: string;
  readonly json?: boolean;
}

/** `tinylens report <run>`: write the report of a finished run again. */
export const report: Command = {
  name: "report",
  define(parser, context, done) {
    withOut(parser.argument("<run>", "name or path of a run folder (see tinylens runs)"))
      .description("write the report of a finished run again from its results")
      .option(...viewFlag)
      .option("--study <file>", "the file of a study of your own")
      .option("--device <name>", "native, web or jax (default: that of the run)")
      .option("--json", "print one JSON object")
      .action(async (name: string, flags: ReportFlags) => {
        const folder = await findRun(outFolder(context, flags.out), name);
        const onProgress: OnProgress = (progress) => {
          if (progress.kind === "message") context.stderr.write(`${sentence(progress.text)}\n`);
        };
        const found = ({ study: named, file }: RunRecord) => {
          if (file !== undefined && flags.study === undefined) {
            throw new InputError(
              `report: run ${name} is of the study in ${file}; add --study ${file}`,
            );
          }
          const study = findStudy(context, "report", flags.study ?? named);
          return { study, view: viewOf(study, flags.view) };
        };
        const outcome = await interruptible(context, (signal) =>
          rebuildReport(found, folder, {
            device: findDevice(flags.device),
            backend: backendOpener(context, (text) => onProgress({ kind: "message", text })),
            published: publishedReader(context.env),
            signal,
            onProgress,
          }),
        );
        done(printOutcome(context, outcome, flags.json === true));
      });
  },
};
