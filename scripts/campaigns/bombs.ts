/**
 * Hostile files made by hand, each read in a process of its own: it must be read, or refused in one
 * line, within 2 seconds of processor time and 200 MB of memory more than the process had before.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Bomb, bombs } from "./bomb-files.ts";
import type { Campaign } from "./campaign.ts";

/** What the process that reads a file prints last. */
export interface Reading {
  readonly outcome: "read" | "refused" | "fault";
  readonly message: string;
  /** Of processor time, and of memory above that before the file was read. */
  readonly ms: number;
  readonly megabytes: number;
}

const LONGEST_MS = 2000;
const MOST_MEGABYTES = 200;
const LONGEST_MESSAGE = 500;

/** A reading in a process of its own; undefined when that process did not end by itself. */
function readApart(file: string, heavy: boolean): Reading | undefined {
  const script = fileURLToPath(new URL("./workers/bomb-reader.ts", import.meta.url));
  const { stdout } = spawnSync(
    process.execPath,
    ["--no-warnings", "--conditions=tinylens:src", script, file],
    { encoding: "utf8", maxBuffer: 2 ** 26, timeout: heavy ? 300_000 : 120_000 },
  );
  const line = stdout.trim().split("\n").at(-1) ?? "";
  return line.startsWith("{") ? (JSON.parse(line) as Reading) : undefined;
}

function faultsOf({ must }: Bomb, reading: Reading | undefined): string[] {
  if (reading === undefined) return ["the process did not end by itself"];
  const { outcome, message, ms, megabytes } = reading;
  return [
    ...(outcome === "fault" ? ["an exception that is no sentence"] : []),
    ...(must === "refuse" && outcome === "read" ? ["accepted"] : []),
    ...(message.includes("\n") ? ["several lines"] : []),
    ...(message.length > LONGEST_MESSAGE ? [`${message.length} characters`] : []),
    ...(ms > LONGEST_MS ? [`${Math.round(ms)} ms of processor time`] : []),
    ...(megabytes > MOST_MEGABYTES ? [`${Math.round(megabytes)} MB`] : []),
  ];
}

export const campaign: Campaign = {
  name: "bombs",
  summary: "hostile .pt and .safetensors files made by hand (--only REGEXP --heavy --verbose)",
  async run(args, log) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string", default: "" },
        heavy: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false },
      },
    });
    const folder = mkdtempSync(join(tmpdir(), "tinylens-bombs-"));
    const counts = { tried: 0, faults: 0, "most ms": 0, "most MB": 0 };
    try {
      for (const bomb of bombs) {
        if (!new RegExp(values.only).test(bomb.name) || (bomb.heavy && !values.heavy)) continue;
        const file = join(folder, `bomb.${bomb.format}`);
        writeFileSync(file, bomb.make());
        const reading = readApart(file, values.heavy);
        const faults = faultsOf(bomb, reading);
        counts.tried++;
        if (faults.length > 0) counts.faults++;
        counts["most ms"] = Math.max(counts["most ms"], Math.round(reading?.ms ?? 0));
        counts["most MB"] = Math.max(counts["most MB"], Math.round(reading?.megabytes ?? 0));
        if (faults.length === 0 && !values.verbose) continue;
        const found = faults.length > 0 ? `fault (${faults.join(", ")})` : "ok";
        const cost = `${reading?.ms.toFixed(0)} ms, ${reading?.megabytes.toFixed(0)} MB`;
        log(
          `${found}: ${bomb.name}, ${statSync(file).size} bytes, ${cost}: ${reading?.message.slice(0, 200)}`,
        );
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return counts;
  },
};
