import type { Context } from "../context.ts";
import type { Command } from "./command.ts";

/** `tinylens list`: studies, tasks and models, a line each. */
export const list: Command = {
  name: "list",
  define(parser, context, done) {
    parser.description("studies, tasks and models, a line each").action(() => {
      context.stdout.write(listing(context));
      done(0);
    });
  },
};

function listing({ studies, tasks, models }: Context): string {
  const groups = { studies, tasks, models };
  const lines = Object.entries(groups).flatMap(([title, entries]) => {
    const named = Object.values(entries).map((entry) => [entry.name, entry.title] as const);
    const width = Math.max(0, ...named.map(([name]) => name.length));
    return [title, ...named.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)];
  });
  return `${lines.join("\n")}\n`;
}
