import { resolve } from "node:path";
import { analyzeArticle, type RunProgress } from "../../runs/index.ts";
import { backendOpener, findDevice, findStudy, publishedReader } from "../find.ts";
import { interruptible } from "../interrupt.ts";
import { printOutcome } from "../output.ts";
import { fileOf } from "../own-study.ts";
import { givenParams, paramsOf, viewOf } from "../params.ts";
import { progressView } from "../progress.ts";
import type { Command } from "./command.ts";
import {
  outFolder,
  type StudyFlags,
  stateDictOptions,
  studyFlags,
  type WeightsFlags,
  weightsFlags,
} from "./flags.ts";

interface AnalyseFlags extends StudyFlags, WeightsFlags {
  readonly checkpoint: string;
}

/** `tinylens analyze <study> --checkpoint FILE`: the analysis without the training. */
export const analyze: Command = {
  name: "analyze",
  define(parser, context, done) {
    weightsFlags(studyFlags(parser, context))
      .description("analyze the weights in a file instead of training")
      .requiredOption("--checkpoint <file>", "weights: .safetensors, .pt or .pth")
      .action(async (name: string | undefined, flags: AnalyseFlags) => {
        const study = findStudy(context, "analyze", name);
        const params = paramsOf(study, flags);
        const device = findDevice(flags.device);
        const view = viewOf(study, flags.view);
        const shown = progressView(study.name, context);
        const options = {
          given: givenParams(study, flags),
          file: resolve(context.cwd, flags.checkpoint),
          stateDict: stateDictOptions(flags),
          device,
          backend: backendOpener(context, (text) => shown.show({ kind: "message", text })),
          out: outFolder(context, flags.out),
          onProgress: (progress: RunProgress) => shown.show(progress),
          published: publishedReader(context.env),
        };
        const outcome = await interruptible(context, (signal) =>
          analyzeArticle({ study, params, view, ...fileOf(name) }, { ...options, signal }),
        ).finally(() => shown.done());
        done(printOutcome(context, outcome, flags.json === true));
      });
  },
};
