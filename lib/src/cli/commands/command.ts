import type { Command as Parser } from "commander";
import type { Context } from "../context.ts";

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** Declare arguments, flags and help. The action calls `done` with the exit code. */
  define(parser: Parser, context: Context, done: (code: number) => void): void;
}
