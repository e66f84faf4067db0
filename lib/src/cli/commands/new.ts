import { resolve } from "node:path";
import { InputError } from "../../core/errors.ts";
import { replaceFile } from "../../runs/disk.ts";
import { isThere } from "../../runs/index.ts";
import { newStudyText } from "../new-study.ts";
import type { Command } from "./command.ts";

/** `tinylens new NAME`: a study of one's own to start from. */
export const newStudy: Command = {
  name: "new",
  define(parser, { cwd, stdout, studies }, done) {
    parser
      .argument("<name>", "name of the study, e.g. parity")
      .description("write NAME.ts, a study of your own that runs")
      .action(async (name: string) => {
        const named = Object.values(studies).some((study) => study.name === name);
        if (!/^[a-z][a-z0-9-]{0,50}$/.test(name) || named) {
          const why = named ? "is a study of tinylens" : "must be lower-case letters, digits and -";
          throw new InputError(`new: the name ${why}, got ${name}; choose one such as my-parity`);
        }
        const file = `${name}.ts`;
        const path = resolve(cwd, file);
        if (await isThere(path))
          throw new InputError(`new: ${file} is there already; choose another name`);
        await replaceFile(path, newStudyText(name), "choose another folder");
        stdout.write(`${file} is written; npx tinylens run ./${file}\n`);
        done(0);
      });
  },
};
