/**
 * Changed files of run folders, changed parameters and changed flags. Each ends in one sentence, or in what
 * the unchanged files give: damage that is used without a word is a fault.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Campaign, Counts } from "./campaign.ts";
import type { RunFolders } from "./fuzz-runs/folders.ts";
import { type Case, caseOptions, runCases } from "./harness.ts";

/** The function that runs a case, in the worker. */
export async function setup(settings: unknown): Promise<Case> {
  const { casesOf } = await import("./fuzz-runs/cases.ts");
  return casesOf(settings as RunFolders);
}

async function fuzzRuns(args: readonly string[], log: (line: string) => void): Promise<Counts> {
  const { makeRuns } = await import("./fuzz-runs/folders.ts");
  const work = mkdtempSync(join(tmpdir(), "tinylens-fuzz-runs-"));
  try {
    const settings = await makeRuns(work);
    const options = { ...caseOptions(args, { cases: 20_000 }), settings };
    return await runCases(new URL(import.meta.url), options, log);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export const campaign: Campaign = {
  name: "fuzz-runs",
  summary:
    "changed records, measurements, metrics.jsonl, checkpoints, --set and flags (--cases 20000 --seed 1 --only N)",
  run: fuzzRuns,
};
