import { findRun, rebuildReport } from "../../runs/index.ts";
import { findStudy } from "../find.ts";
import { printOutcome } from "../output.ts";
import type { Command } from "./command.ts";
import { outFolder, withOut } from "./flags.ts";

/** `tinylens report <run>`: write the report of a finished run anew. */
export const report: Command = {
  name: "report",
  define(parser, context, done) {
    withOut(parser.argument("<run>", "name or path of a run folder (see tinylens runs)"))
      .description("write the report of a finished run anew from its results")
      .option("--json", "print one JSON object")
      .action(async (name: string, flags: { readonly out: string; readonly json?: boolean }) => {
        const folder = await findRun(outFolder(context, flags.out), name);
        const outcome = await rebuildReport(
          ({ study }) => findStudy(context, "report", study),
          folder,
        );
        done(printOutcome(context, outcome, flags.json === true));
      });
  },
};
