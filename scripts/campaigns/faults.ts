/** Faults of the disk, of processes, streams and the clock, one after another. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Campaign } from "./campaign.ts";
import { Bench, refusingLibrary } from "./faults/bench.ts";
import { type Situation, situations, type Tools } from "./faults/situations.ts";

export const campaign: Campaign = {
  name: "faults",
  summary: `full and read-only disks, refused calls, signals, deleted and damaged files, closed streams, the clock: --only NAME,… (default: all ${situations.length}) --short`,
  async run(args, log) {
    const { values } = parseArgs({
      args: [...args],
      options: { only: { type: "string" }, short: { type: "boolean", default: false } },
    });
    const chosen = choose(values.only, values.short);
    const work = mkdtempSync(join(tmpdir(), "tinylens-faults-"));
    try {
      const tools = toolsIn(work);
      const missing = chosen.filter(({ needs }) => needs !== undefined && !tools[needs]);
      for (const { name, needs } of missing) log(`skipped: ${name}, which needs ${needs}`);
      const tried = chosen.filter((situation) => !missing.includes(situation));
      const whole = await wholeRun(join(work, "whole"));
      let faults = 0;
      for (const { name, attempt } of tried) {
        const fault = await attempt(new Bench(join(work, name), whole), tools);
        if (fault === undefined) continue;
        faults++;
        log(`${name}: ${fault.replaceAll("\n", " | ")}`);
      }
      return { faults, tried: tried.length, skipped: missing.length };
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  },
};

function choose(only: string | undefined, short: boolean): readonly Situation[] {
  const names = only?.split(",");
  const chosen = situations.filter(
    (situation) => names?.includes(situation.name) ?? (!short || situation.short === true),
  );
  if (chosen.length === 0) {
    throw new Error(`--only: one or more of ${situations.map(({ name }) => name).join(", ")}`);
  }
  return chosen;
}

function toolsIn(work: string): Tools {
  const works = (...[command, ...args]: string[]) =>
    spawnSync(command as string, args, { stdio: "ignore" }).status === 0;
  const disk = join(work, "mounted");
  mkdirSync(disk);
  const mount = works("mount", "-t", "tmpfs", "tmpfs", disk);
  if (mount) works("umount", disk);
  return {
    library: refusingLibrary(work),
    mount,
    faketime: works("faketime", "-f", "-1d", "true"),
  };
}

/** A run that nothing happens to. */
async function wholeRun(out: string): Promise<string> {
  const bench = new Bench(out, out);
  const { code, stderr } = await bench.train().ended;
  if (code !== 0 || bench.run === undefined) throw new Error(`the run itself fails: ${stderr}`);
  return out;
}
