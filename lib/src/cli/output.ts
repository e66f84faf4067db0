/** What a run prints when it has ended. */

import { relative } from "node:path";
import pc from "picocolors";
import type { Claim, ClaimValue } from "../core/claim.ts";
import { printable, printableJson, sentence } from "../core/text.ts";
import { numbersAsText, type RunOutcome } from "../runs/index.ts";
import { hasColor } from "./color.ts";
import type { Context } from "./context.ts";
import { duration } from "./progress-text.ts";

/** 0 when no claim fails, 1 when one does, 130 when the run was stopped. */
export function exitCodeOf({ interrupted, claims }: RunOutcome): number {
  if (interrupted) return 130;
  return claims.some((claim) => claim.holds === false) ? 1 : 0;
}

/** Print a finished run: one JSON object, or a table of its claims. Returns the exit code. */
export function printOutcome(context: Context, outcome: RunOutcome, json: boolean): number {
  const { stdout, stderr, cwd } = context;
  if (outcome.interrupted) {
    const at = `stopped at step ${outcome.step} of ${outcome.steps}`;
    stderr.write(`${at}; run the same command again to go on from there\n`);
  }
  if (json) stdout.write(`${printableJson(jsonOf(outcome), numbersAsText)}\n`);
  else if (!outcome.interrupted) stdout.write(claimsText(outcome, cwd, hasColor(stdout, context)));
  return exitCodeOf(outcome);
}

function jsonOf(outcome: RunOutcome): Record<string, unknown> {
  const { study, run, report, params, device, seconds, loaded, resumed } = outcome;
  const { claims, metrics } = outcome;
  const fields = { study, run, report, params, device, seconds, loaded, resumed, claims, metrics };
  return outcome.interrupted ? { ...fields, interrupted: true } : fields;
}

function claimsText(outcome: RunOutcome, cwd: string, color: boolean): string {
  const { study, claims, loaded, seconds } = outcome;
  const colors = pc.createColors(color);
  const how = loaded ? "loaded" : duration(seconds);
  const held = claims.filter((claim) => claim.holds).length;
  const lines = claims.map((claim) => {
    const mark = verdict(claim, colors);
    return `  ${mark}  ${sentence(claim.text)}\n         ${colors.dim(sentence(comparison(claim)))}`;
  });
  const summary =
    claims.length === 0
      ? "no claims are made for these settings"
      : `${held} of ${claims.length} claims hold`;
  return `${colors.bold(printable(study))} (${how})\n${[...lines, summary].join("\n")}; report: ${sentence(relative(cwd, outcome.report))}\n`;
}

function verdict({ holds }: Claim, colors: ReturnType<typeof pc.createColors>): string {
  if (holds === undefined) return colors.yellow("not yet");
  return holds ? colors.green("holds") : colors.red("fails");
}

function comparison({ expected, tolerance, measured, source }: Claim): string {
  const where = source.at === undefined ? source.paper : `${source.paper}, ${source.at}`;
  return `expected ${valueText(expected)} (${tolerance}), measured ${measured === undefined ? "nothing yet" : valueText(measured)}; ${where}`;
}

function valueText(value: ClaimValue): string {
  if (typeof value === "number") return String(Number(value.toPrecision(8)));
  return Array.isArray(value) ? value.join(", ") : String(value);
}
