/**
 * `npm test`: types, lint and format, then every test. Ends with "N passed, N failed" (", N skipped"
 * may follow), where the types and the lint count as one each; exits with 1 when something failed.
 * Further arguments go to vitest: `npm test -- lib/src/rng`.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSummary, type Summary, summaryLine } from "./summary.ts";

function run(command: string, args: readonly string[]): number {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (error !== undefined) process.stderr.write(`${command}: ${error.message}\n`);
  return status ?? 1;
}

function check(command: string, args: readonly string[]): Summary {
  const ok = run(command, args) === 0;
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

function tests(extra: readonly string[]): Summary {
  const folder = mkdtempSync(join(tmpdir(), "tinylens-test-"));
  const file = join(folder, "results.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const code = run("vitest", ["run", ...reporters, ...extra]);
    return readSummary(file, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const parts = [
  check("tsc", ["-p", "."]),
  check("biome", ["ci", "."]),
  tests(process.argv.slice(2)),
];
const total: Summary = {
  passed: parts.reduce((sum, part) => sum + part.passed, 0),
  failed: parts.reduce((sum, part) => sum + part.failed, 0),
  skipped: parts.reduce((sum, part) => sum + part.skipped, 0),
};
process.stdout.write(`${summaryLine(total)}\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
