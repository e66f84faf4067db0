import { changedFields } from "../../core/params.ts";
import { printable, printableJson, sentence, shown } from "../../core/text.ts";
import type { Study } from "../../lab/index.ts";
import { isThere, type ListedRun, listRuns, numbersAsText } from "../../runs/index.ts";
import type { Context } from "../context.ts";
import { lossText } from "../progress-text.ts";
import type { Command } from "./command.ts";
import { outFolder, withOut } from "./flags.ts";

/** Most characters of a cell of the table. */
const WIDEST = 200;

/** `tinylens runs`: the runs of a folder as a table. */
export const runs: Command = {
  name: "runs",
  define(parser, context, done) {
    withOut(parser)
      .description("table of runs: parameters, steps, last losses, claims that hold")
      .option("--json", "print one JSON object")
      .action(async (flags: { readonly out: string; readonly json?: boolean }) => {
        const out = outFolder(context, flags.out);
        const usual = parser.getOptionValueSource("out") === "default";
        const none = usual && !(await isThere(out));
        const found = none ? { runs: [], unreadable: [] } : await listRuns(out);
        for (const problem of found.unreadable) context.stderr.write(`${sentence(problem)}\n`);
        const { stdout } = context;
        const all = { runs: found.runs.map(entry), unreadable: found.unreadable };
        if (flags.json === true) stdout.write(`${printableJson(all, numbersAsText)}\n`);
        else stdout.write(table(context, found.runs));
        done(0);
      });
  },
};

function entry({ name, folder, record, status, step, last }: ListedRun): Record<string, unknown> {
  const { study, params, device, steps, seconds, claims, metrics, failure } = record;
  const main = { name, run: folder, study, params, device, state: status, step, steps, seconds };
  const why = status === "failed" ? { failure } : {};
  return { ...main, ...why, last: last ?? null, claims, metrics };
}

function table({ studies }: Context, listed: readonly ListedRun[]): string {
  const header = ["run", "state", "steps", "train loss", "test loss", "claims", "parameters"];
  const rows = listed.map(({ name, record, status, step, last }) => [
    name,
    status,
    `${step}/${record.steps}`,
    last === undefined ? "-" : lossText(last.trainLoss),
    last === undefined ? "-" : lossText(last.testLoss),
    claimsText(record.claims),
    changes(
      Object.values(studies).find(({ name: study }) => study === record.study),
      record.params,
    ),
  ]);
  const lines = [header, ...rows].map((row) => row.map((cell) => printable(cell, WIDEST)));
  const widths = header.map((title, i) =>
    Math.max(...lines.map((row) => (row[i] ?? title).length)),
  );
  const aligned = lines.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const failures = listed
    .filter(({ status }) => status === "failed")
    .map(({ name, record }) => sentence(`${name} failed: ${record.failure}`));
  return `${[...aligned, ...failures].join("\n")}\n`;
}

/** How many claims hold; a dash where none is made. */
function claimsText(claims: ListedRun["record"]["claims"]): string {
  if (claims.length === 0) return "-";
  return `${claims.filter((claim) => claim.holds).length}/${claims.length}`;
}

/** The parameters that are not at their defaults, or all of them for a study not known here. */
function changes(study: Study | undefined, params: Readonly<Record<string, unknown>>): string {
  const changed =
    study === undefined ? Object.entries(params) : changedFields(study.params, params);
  return changed.map(([name, value]) => `${name}=${valueText(value)}`).join(" ") || "defaults";
}

/** A value as `--set` takes it: texts without quotes, lists without brackets. */
function valueText(value: unknown): string {
  return typeof value === "string" ? value : shown(value).replace(/^\[|\]$/g, "");
}
