/** Flags that several commands share. */

import { resolve } from "node:path";
import type { Command as Parser } from "commander";
import type { StateDictOptions } from "../../io/index.ts";
import type { Context } from "../context.ts";
import { paramHelp } from "../param-facts.ts";
import type { ParamFlags } from "../params.ts";

/** Values of the flags that say what to compute, on what, and where to put it. */
export interface StudyFlags extends ParamFlags {
  readonly device?: string;
  readonly out: string;
  readonly json?: boolean;
  /** Texts `key=value`. */
  readonly view?: readonly string[];
}

/** The study, and the flags of its parameters; the help of a study lists these. */
export function studyFlags(parser: Parser, { studies }: Context): Parser {
  const study = () =>
    Object.entries(studies).find(
      ([key, { name }]) => parser.args.includes(name) || parser.args.includes(key),
    )?.[1];
  return withOut(parser.argument("[study]", "name of a study (see tinylens list), or ./FILE.ts"))
    .addHelpText("after", () => {
      const named = study();
      const hint = "tinylens run STUDY --help lists the parameters of a study.";
      return `\n${named === undefined ? hint : paramHelp(named)}`;
    })
    .option("--set <name=value>", "change a parameter of the study (repeatable)", collect)
    .option("--seed <n>", "short for --set seed=n")
    .option("--smoke", "a run of seconds, to see that everything works")
    .option(...viewFlag)
    .option("--device <name>", "native, web or jax (default: the first of these that works here)")
    .option("--json", "print one JSON object");
}

/** What to look at. */
export const viewFlag = [
  "--view <name=value>",
  "look at this, without training: a neuron, an input of yours (repeatable)",
  collect,
] as const;

function collect(item: string, before: readonly string[] = []): readonly string[] {
  return [...before, item];
}

export function withOut(parser: Parser): Parser {
  return parser.option("--out <folder>", "folder of the runs", "runs");
}

/** Flags that say where in a file the weights are. */
export interface WeightsFlags {
  readonly key?: string;
  readonly stripPrefix?: string;
}

export function weightsFlags(parser: Parser): Parser {
  return parser
    .option("--key <name>", "where in the file the weights are, e.g. ema or snapshots.3.model")
    .option("--strip-prefix <text>", "take this from the names of the weights, e.g. model.");
}

/** What the flags say, for `weightsOf` and `readModel`. */
export function stateDictOptions({ key, stripPrefix }: WeightsFlags): StateDictOptions {
  return {
    ...(key === undefined ? {} : { key }),
    ...(stripPrefix === undefined ? {} : { stripPrefix }),
  };
}

/** The folder of the runs, from the folder the command was started in. */
export function outFolder({ cwd }: Context, out: string): string {
  return resolve(cwd, out);
}
