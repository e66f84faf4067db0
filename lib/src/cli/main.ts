/** The command line: arguments in, text and an exit code out. */

import { CommanderError, Command as Parser } from "commander";
import { InputError } from "../core/errors.ts";
import { printable, sentence } from "../core/text.ts";
import { version } from "../runs/index.ts";
import * as all from "./commands/all.ts";
import type { Command } from "./commands/command.ts";
import type { Context } from "./context.ts";
import { defaultContext } from "./default-context.ts";

all satisfies Record<string, Command>;

/**
 * Run one command. `argv` holds the words after `tinylens`. Returns the exit code: 0 done and
 * claims hold, 1 a claim failed, 2 wrong input (one sentence on standard error), 130 interrupted.
 */
export async function main(argv: readonly string[], given: Partial<Context> = {}): Promise<number> {
  const context: Context = { ...defaultContext(), ...given };
  let code = 0;
  const parser = programFor(context, (ended) => {
    code = ended;
  });
  try {
    await parser.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    return failure(error, context);
  }
}

function programFor(context: Context, done: (code: number) => void): Parser {
  const parser = new Parser("tinylens")
    .description("Train tiny transformers, open them up, and check what they learned.")
    .version(version(), "-v, --version")
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

function failure(error: unknown, { stderr, env }: Context): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") return 2;
    stderr.write(`tinylens: ${sentence(oneSentence(error.message))}\n`);
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
  return 2;
}

/** The lines of a stack trace, each of them printable. */
function stackOf({ stack = "" }: Error): string {
  return stack
    .split("\n")
    .map((line) => printable(line, 1000))
    .join("\n");
}

/** `error: unknown option '--sed'\n(Did you mean --set?)` on one line without the prefix. */
function oneSentence(message: string): string {
  return message
    .replace(/^error: /, "")
    .replace(/\s*\n\s*\(Did you mean (.*)\?\)/, "; did you mean $1?");
}
