/**
 * Kills runs with SIGKILL, half of the time at a random moment and half of the time the moment a named
 * file is written, runs them again until they end, and compares every file with an unbroken run.
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Campaign, Counts } from "./campaign.ts";
import { type Generator, generator } from "./mutate.ts";

const bin = fileURLToPath(new URL("../../lib/bin/tinylens.js", import.meta.url));

const usualCases = [
  "max-of-two --smoke --set steps=300 --set checkpointEvery=25",
  "max-of-four --smoke --set steps=60 --set checkpointEvery=10",
  "skip-trigram --smoke",
  "modular-addition-bitnet --smoke --set checkpointEvery=8",
];

/** Most times that a run is killed before it is left to end. */
const mostBreaks = 8;
/** A run that takes longer hangs, in ms. */
const longest = 600_000;

/** When to kill: so long after the first file was written, or when a file with this name is written. */
type Moment = { readonly afterMs: number } | { readonly when: RegExp };

interface Ended {
  readonly code: number | null;
  readonly killed: boolean;
  readonly stderr: string;
  /** Time from the first write to the end. */
  readonly ms: number;
}

/** Run a case in `out`; kill it at `moment`. */
function run(words: readonly string[], out: string, moment?: Moment): Promise<Ended> {
  mkdirSync(out, { recursive: true });
  return new Promise((done) => {
    const args = ["--conditions=tinylens:src", bin, "run", ...words, "--json", "--out", out];
    const child = spawn(process.execPath, args, { cwd: out, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    let begun: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    let hangs = false;
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const watcher = watch(out, { recursive: true }, (_event, name) => {
      if (name === null) return;
      begun ??= performance.now();
      if (moment === undefined) return;
      if ("when" in moment && moment.when.test(name)) child.kill("SIGKILL");
      if ("afterMs" in moment) timer ??= setTimeout(() => child.kill("SIGKILL"), moment.afterMs);
    });
    watcher.on("error", () => undefined);
    const hung = setTimeout(() => {
      hangs = true;
      child.kill("SIGKILL");
    }, longest);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      clearTimeout(hung);
      watcher.close();
      const ms = begun === undefined ? 0 : performance.now() - begun;
      const shown = hangs ? `${stderr}\nhangs` : stderr;
      done({ code, killed: signal === "SIGKILL" && !hangs, stderr: shown, ms });
    });
  });
}

/** The names of files at whose writing a run is killed. */
const places = [
  ...[/checkpoints\/\d+\.safetensors\.unfinished/, /checkpoints\/\d+\.safetensors$/],
  ...[/metrics\.jsonl\.unfinished/, /metrics\.jsonl$/],
  ...[/measurements\/\w+\.json\.unfinished/, /measurements\/\w+\.json$/],
  ...[/training\.json\.unfinished/, /training\.json$/],
  ...[/report\.html\.unfinished/, /report\.html$/, /run\.json\.unfinished/, /run\.json$/, /lock/],
];

/** A file without what depends on the time of day and on how long things took. */
function withoutTimes(path: string, bytes: Buffer): Buffer | string {
  if (/(run|training)\.json$/.test(path)) {
    const record = JSON.parse(bytes.toString());
    return JSON.stringify({ ...record, started: 0, seconds: 0, checksum: 0 });
  }
  if (!path.endsWith("report.html")) return bytes;
  const facts = /<dt>(Took|Run|Duration|Date)<\/dt><dd>.*?<\/dd>/g;
  return bytes.toString().replaceAll(facts, "");
}

/** Hash of every file in `out` by its path; left-over locks and temporary files are among them. */
function hashes(out: string): ReadonlyMap<string, string> {
  const entries = readdirSync(out, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const content = withoutTimes(path, readFileSync(path));
        return [relative(out, path), createHash("sha256").update(content).digest("hex")];
      }),
  );
}

function differences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].filter((name) => a.get(name) !== b.get(name)).sort();
}

/** A case, and how it ends when nobody kills it. */
interface Whole {
  readonly words: readonly string[];
  readonly code: number | null;
  readonly ms: number;
  readonly files: ReadonlyMap<string, string>;
}

async function unbroken(text: string, out: string): Promise<Whole> {
  const words = text.split(/\s+/);
  const { code, ms, stderr } = await run(words, out);
  if (code !== 0 && code !== 1) throw new Error(`${text} does not run: ${stderr}`);
  const files = hashes(out);
  rmSync(out, { recursive: true });
  return { words, code, ms, files };
}

/** Kill one run up to `kills` times, let it end, and say what is wrong with it. */
async function broken(
  { words, code, ms, files }: Whole,
  out: string,
  kills: number,
  g: Generator,
): Promise<{ readonly kills: number; readonly fault: string | undefined }> {
  const most = Math.min(kills, mostBreaks);
  let done = 0;
  let ended: Ended | undefined;
  do {
    const moment = g.random() < 0.5 ? { when: g.pick(places) } : { afterMs: g.random() * ms };
    ended = await run(words, out, moment);
    if (ended.killed) done++;
  } while (ended.killed && done < most && g.random() < 2 / 3);
  if (ended.killed) ended = await run(words, out);
  const differing = ended.code === code ? differences(files, hashes(out)) : [];
  rmSync(out, { recursive: true, force: true });
  if (ended.code !== code) return { kills: done, fault: `code ${ended.code}: ${ended.stderr}` };
  if (differing.length > 0) return { kills: done, fault: `differs: ${differing.join(", ")}` };
  return { kills: done, fault: undefined };
}

async function killRuns(args: readonly string[], log: (line: string) => void): Promise<Counts> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      case: { type: "string", multiple: true, default: usualCases },
    },
  });
  const work = mkdtempSync(join(tmpdir(), "tinylens-kill-"));
  const wanted = Number(values.kills);
  const counts = { kills: 0, runs: 0, faults: 0 };
  try {
    const wholes: Whole[] = [];
    for (const [i, text] of values.case.entries()) {
      wholes.push(await unbroken(text, join(work, `whole-${i}`)));
    }
    for (let index = 0; counts.kills < wanted; index++) {
      const whole = wholes[index % wholes.length] as Whole;
      const g = generator(Number(values.seed), index);
      const found = await broken(whole, join(work, `run-${index}`), wanted - counts.kills, g);
      counts.kills += found.kills;
      counts.runs++;
      if (found.fault === undefined) continue;
      counts.faults++;
      log(`fault, run ${index} of ${whole.words.join(" ")}: ${found.fault.slice(0, 1500)}`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return counts;
}

export const campaign: Campaign = {
  name: "kill",
  summary:
    "SIGKILL at random moments and at the write of named files, resume, compare all bytes (--kills 200 --seed 1 --case WORDS)",
  run: killRuns,
};
