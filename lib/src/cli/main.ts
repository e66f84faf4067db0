/** The command line: arguments in, text and an exit code out. */

import { CommanderError, Command as Parser } from "commander";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { printable, sentence } from "../core/text.ts";
import { version } from "../runs/index.ts";
import { StoppedError } from "../runs/stopped.ts";
import * as all from "./commands/all.ts";
import type { Command } from "./commands/command.ts";
import type { Context } from "./context.ts";
import { defaultContext } from "./default-context.ts";
import { isStudyFile, studyInFile } from "./own-study.ts";

all satisfies Record<string, Command>;

const partialNames: OptionNames<Partial<Context>> = {
  studies: true,
  tasks: true,
  models: true,
  stdout: true,
  stderr: true,
  env: true,
  noColor: true,
  cwd: true,
  now: true,
  backend: true,
  onInterrupt: true,
  endAtOnce: true,
};

/**
 * Run one command. `argv` holds the words after `tinylens`. Returns the exit code: 0 done and
 * claims hold, 1 a claim failed, 2 wrong input (one sentence on standard error), 130 interrupted.
 */
export async function main(argv: readonly string[], given: Partial<Context> = {}): Promise<number> {
  checkOptions("main", given, partialNames);
  const { stderr = process.stderr, env = process.env } = given;
  try {
    return await runCommand(argv, { ...defaultContext(), ...given });
  } catch (error) {
    return failure(error, { stderr, env });
  }
}

async function runCommand(argv: readonly string[], given: Context): Promise<number> {
  let code = 0;
  const studies = await withOwnStudy(given, argv);
  const context = { ...given, studies, noColor: argv.includes("--no-color") };
  const parser = programFor(context, (ended) => {
    code = ended;
  });
  try {
    await parser.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    throw withNearest(error, parser, argv);
  }
}

/** The studies, with the one in a file that the command names: by the word that names it. */
async function withOwnStudy(context: Context, argv: readonly string[]) {
  const { studies, cwd } = context;
  const named = argv.some(isStudyFile) ? studyWord(context, argv) : undefined;
  if (named === undefined || !isStudyFile(named)) return studies;
  return { ...studies, [named]: await studyInFile(cwd, named) };
}

/** The word that names a study, wherever it stands among the options; what is wrong is said later. */
function studyWord(context: Context, argv: readonly string[]): string | undefined {
  const quiet = { write: () => {} };
  const program = programFor({ ...context, stdout: quiet, stderr: quiet }, () => {});
  try {
    const { operands, unknown } = program.parseOptions([...argv]);
    const [name, ...words] = operands;
    const command = program.commands.find((one) => one.name() === name);
    const rest = command?.parseOptions(unknown).operands ?? [];
    if (name === "report") return command?.opts<{ readonly study?: string }>().study;
    return ["run", "analyze", "bench"].includes(name ?? "") ? [...words, ...rest][0] : undefined;
  } catch (error) {
    if (error instanceof CommanderError) return undefined;
    throw error;
  }
}

function programFor(context: Context, done: (code: number) => void): Parser {
  const parser = new Parser("tinylens")
    .description("Train tiny transformers, open them up, and check what they learned.")
    .version(version(), "-v, --version")
    .option("--no-color", "no colors (NO_COLOR and FORCE_COLOR are heeded too)")
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: () => {},
    });
  for (const command of Object.values(all)) {
    command.define(parser.command(command.name), context, done);
  }
  return parser;
}

/** What commander calls an unknown word becomes an error with the nearest names. */
function withNearest(error: unknown, program: Parser, argv: readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error;
  const word = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  const commands = program.commands.map((command) => command.name());
  if (error.code === "commander.unknownCommand") {
    return new UnknownNameError("tinylens", "command", word, commands);
  }
  if (error.code !== "commander.unknownOption") return error;
  const command = program.commands.find((candidate) => argv.includes(candidate.name()));
  const options = [...(command?.options ?? []), ...program.options];
  const flags = options.map(({ long }) => long ?? "").filter((flag) => flag !== "");
  return new UnknownNameError(command?.name() ?? "tinylens", "option", word, [...flags, "--help"]);
}

function failure(error: unknown, { stderr, env }: Pick<Context, "stderr" | "env">): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") return 2;
    stderr.write(`tinylens: ${sentence(error.message.replace(/^error: /, ""))}\n`);
    return 2;
  }
  const message = error instanceof Error ? error.message : String(error);
  stderr.write(`tinylens: ${sentence(message)}\n`);
  const shown = env.TINYLENS_DEBUG !== undefined && error instanceof Error;
  if (shown || !(error instanceof InputError)) {
    stderr.write(
      shown ? `${stackOf(error)}\n` : "this is a fault of tinylens; TINYLENS_DEBUG=1 shows where\n",
    );
  }
  return error instanceof StoppedError ? 130 : 2;
}

/** The lines of a stack trace, each of them printable. */
function stackOf({ stack = "" }: Error): string {
  return stack
    .split("\n")
    .map((line) => printable(line, 1000))
    .join("\n");
}
