import { sentence } from "../../core/text.ts";
import { findRun, type OnProgress, rebuildReport } from "../../runs/index.ts";
import { findStudy } from "../find.ts";
import { interruptible } from "../interrupt.ts";
import { printOutcome } from "../output.ts";
import type { Command } from "./command.ts";
import { outFolder, withOut } from "./flags.ts";

/** `tinylens report <run>`: write the report of a finished run again. */
export const report: Command = {
  name: "report",
  define(parser, context, done) {
    withOut(parser.argument("<run>", "name or path of a run folder (see tinylens runs)"))
      .description("write the report of a finished run again from its results")
      .option("--json", "print one JSON object")
      .action(async (name: string, flags: { readonly out: string; readonly json?: boolean }) => {
        const folder = await findRun(outFolder(context, flags.out), name);
        const onProgress: OnProgress = (progress) => {
          if (progress.kind === "message") context.stderr.write(`${sentence(progress.text)}\n`);
        };
        const outcome = await interruptible(context, (signal) =>
          rebuildReport(({ study }) => findStudy(context, "report", study), folder, {
            signal,
            onProgress,
          }),
        );
        done(printOutcome(context, outcome, flags.json === true));
      });
  },
};
