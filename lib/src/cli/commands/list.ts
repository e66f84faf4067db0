import { printableJson } from "../../core/text.ts";
import type { Context, Named } from "../context.ts";
import { paramFacts } from "../param-facts.ts";
import type { Command } from "./command.ts";

/** `tinylens list`: studies, tasks and models, a line each. */
export const list: Command = {
  name: "list",
  define(parser, context, done) {
    parser
      .description("studies, tasks and models, a line each")
      .option("--json", "print one JSON object, with every parameter of each study")
      .action(({ json }: { readonly json?: boolean }) => {
        const { stdout } = context;
        stdout.write(json === true ? `${printableJson(facts(context))}\n` : listing(context));
        done(0);
      });
  },
};

function facts({ studies, tasks, models }: Context): Record<string, unknown> {
  const named = (entries: Readonly<Record<string, Named>>): Named[] =>
    Object.values(entries).map(({ name, title }) => ({ name, title }));
  const full = Object.values(studies).map((study) => {
    const { name, title, sources, smoke } = study;
    const [params, views] = [paramFacts(study.params), paramFacts(study.view)];
    return { name, title, sources, params, views, smoke };
  });
  return { studies: full, tasks: named(tasks), models: named(models) };
}

function listing({ studies, tasks, models }: Context): string {
  const groups = { studies, tasks, models };
  const lines = Object.entries(groups).flatMap(([title, entries]) => {
    const named = Object.values(entries).map((entry) => [entry.name, entry.title] as const);
    const width = Math.max(0, ...named.map(([name]) => name.length));
    return [title, ...named.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)];
  });
  return `${lines.join("\n")}\n`;
}
