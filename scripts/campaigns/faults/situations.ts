/** What may happen to a run: each situation is tried on a bench of its own and gives its fault, if any. */

import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Bench, outcry, refused } from "./bench.ts";

/** Tools that a machine may lack; a situation that needs a missing one is skipped by name. */
export interface Tools {
  readonly library: string | undefined;
  readonly mount: boolean;
  readonly faketime: boolean;
}

export interface Situation {
  readonly name: string;
  readonly needs?: keyof Tools;
  /** In the short form, too. */
  readonly short?: boolean;
  readonly attempt: (bench: Bench, tools: Tools) => Promise<string | undefined>;
}

const signals: readonly Situation[] = (["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const).map(
  (signal) => ({
    name: `signal-${signal}`,
    async attempt(bench) {
      const { child, ended } = await bench.trainTo100();
      child.kill(signal);
      const result = await ended;
      if (result.code !== 130) return `exit ${result.code} ${result.signal ?? ""}, not 130`;
      if (!/stopped at step \d+ of 600/.test(result.stderr)) return "no step is named";
      return outcry(result) ?? bench.again();
    },
  }),
);

/** Ctrl-C twice: the process ends at once and leaves its lock, and the run goes on. */
const pressedTwice: Situation = {
  name: "signal-SIGINT-twice",
  async attempt(bench) {
    const { child, ended } = await bench.trainTo100();
    child.kill("SIGINT");
    await wait(2);
    child.kill("SIGINT");
    const result = await ended;
    const stopped = result.code === 130 || result.signal === "SIGINT";
    if (!stopped) return `exit ${result.code} ${result.signal ?? ""}, not 130`;
    return outcry(result) ?? bench.again();
  },
};

const full: readonly Situation[] = [
  ["disk-40k", "size=40k"],
  ["disk-400k", "size=400k"],
  ["disk-1500k", "size=1500k"],
  ["no-inodes", "size=64m,nr_inodes=12"],
].map(([name, options]) => ({
  name: name as string,
  needs: "mount",
  async attempt(bench) {
    return onDisk(bench, options as string, async () => {
      const refusal = refused(await bench.train().ended, /: the disk is full; free some space/);
      const left = readdirSync(bench.out, { recursive: true, encoding: "utf8" });
      const unfinished = left.filter((path) => /unfinished|lock/.test(path));
      if (unfinished.length > 0) return `left behind: ${unfinished.join(", ")}`;
      mount("-o", "remount,size=64m,nr_inodes=10000", bench.out);
      return refusal ?? bench.again();
    });
  },
}));

const readOnly: Situation = {
  name: "read-only-disk",
  needs: "mount",
  attempt: (bench) =>
    onDisk(bench, "ro", async () =>
      refused(await bench.train().ended, /: the disk is read-only; choose another folder/),
    ),
};

/** `EPERM`, `EINVAL`, `EOPNOTSUPP`; for a rename `EBUSY`, too. */
const refusals: readonly Situation[] = [
  ...[1, 95].map((errno) => ["LINK", errno] as const),
  ...[1, 22, 95].map((errno) => ["FSYNC", errno] as const),
  ...[1, 16].map((errno) => ["RENAME", errno] as const),
].map(([call, errno]) => ({
  name: `refused-${call.toLowerCase()}-${errno}`,
  needs: "library",
  short: call === "FSYNC" && errno === 22,
  async attempt(bench, { library }) {
    const env = { LD_PRELOAD: library, [`${call}_ERRNO`]: String(errno) };
    const result = await bench.train(env).ended;
    if (result.code !== 0) return `exit ${result.code}: ${result.stderr.slice(-300)}`;
    return bench.compare();
  },
}));

/** The run goes on by itself; where nothing says on what it was trained only with `--fresh`. */
const deleted: readonly Situation[] = [
  ...["run", "run/run.json", "training", "training/training.json"],
  ...["training/checkpoints", "training/metrics.jsonl"],
].map((path) => ({
  name: `deleted-${path.replace("/", "-")}`,
  async attempt(bench) {
    const { ended } = await bench.trainTo100();
    const [folder, part = ""] = path.split("/") as ["run" | "training", string?];
    rmSync(join(bench[folder] as string, part), { recursive: true, force: true });
    const fault = outcry(await ended);
    if (part !== "training.json" || fault !== undefined) return fault ?? bench.again();
    const refusal = refused(await bench.train().ended, /; train again with --fresh$/);
    if (refusal !== undefined) return refusal;
    const { code } = await bench.train({}, '"$@" --fresh').ended;
    return code === 0 ? bench.compare() : `--fresh: exit ${code}`;
  },
}));

const lastCheckpoint = (training: string): string => {
  const folder = join(training, "checkpoints");
  const steps = readdirSync(folder).map((name) => Number.parseInt(name, 10));
  return join(folder, `${Math.max(...steps)}.safetensors`);
};

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 900] = (bytes[bytes.length - 900] as number) ^ 0x40;
  writeFileSync(path, bytes);
}

const damages: Readonly<Record<string, (training: string) => void>> = {
  "checkpoint-cut": (training) => truncateSync(lastCheckpoint(training), 1000),
  "checkpoint-empty": (training) => truncateSync(lastCheckpoint(training), 0),
  "checkpoint-missing": (training) => rmSync(lastCheckpoint(training)),
  "checkpoint-flipped": (training) => flipBit(lastCheckpoint(training)),
  "checkpoint-copied": (training) =>
    cpSync(
      join(training, "checkpoints/0.safetensors"),
      join(training, "checkpoints/50.safetensors"),
    ),
  "earlier-flipped": (training) => flipBit(join(training, "checkpoints/50.safetensors")),
  "checkpoint-renamed": (training) =>
    cpSync(lastCheckpoint(training), join(training, "checkpoints/550.safetensors")),
  "metrics-garbage": (training) => appendFileSync(join(training, "metrics.jsonl"), "garbage\n"),
  "metrics-twice": (training) => {
    const path = join(training, "metrics.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace(/^.*\n/, "$&$&"));
  },
  "metrics-cut": (training) => truncateSync(join(training, "metrics.jsonl"), 150),
  "metrics-changed": (training) => {
    const path = join(training, "metrics.jsonl");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/"trainLoss":[0-9.e-]+/, '"trainLoss":77'));
  },
};

const damaged: readonly Situation[] = Object.entries(damages).map(([name, damage]) => ({
  name,
  async attempt(bench) {
    await bench.killAt100(damage);
    return bench.again();
  },
}));

/** Of the folder of the run, and of that of its training. */
const locks: readonly Situation[] = (["run", "training"] as const).flatMap((folder) =>
  [
    ["file", (lock: string) => writeFileSync(lock, "null"), /is not a lock of tinylens/],
    ["odd", (lock: string) => mkdirSync(join(lock, "odd"), { recursive: true }), /not a lock/],
    ["empty", (lock: string) => mkdirSync(lock), undefined],
  ].map(([name, make, sentence]) => ({
    name: `lock-${name}-${folder}`,
    async attempt(bench: Bench) {
      await bench.killAt100();
      const lock = join(bench[folder] as string, "lock");
      rmSync(lock, { recursive: true });
      (make as (path: string) => void)(lock);
      if (sentence === undefined) return bench.again();
      const fault = refused(await bench.train().ended, sentence as RegExp);
      rmSync(lock, { recursive: true });
      return fault ?? bench.again();
    },
  })),
);

/** Whatever becomes of the streams, the run ends and nothing shows a stack. */
const streams: readonly Situation[] = [
  ["stdout-closed", '"$@" >&-'],
  ["stderr-closed", '"$@" 2>&-'],
  ["stdin-closed", '"$@" <&-'],
  ["stdout-pipe-closed", '"$@" > >(exec true)'],
  ["stderr-pipe-closed", '"$@" 2> >(exec true)'],
  ["stdout-full", '"$@" >/dev/full'],
  ["stderr-full", '"$@" 2>/dev/full'],
].map(([name, shell]) => ({
  name: name as string,
  async attempt(bench) {
    return outcry(await bench.train({}, shell).ended) ?? bench.again();
  },
}));

const killed: Situation = {
  name: "killed",
  async attempt(bench) {
    await bench.killAt100();
    return bench.again();
  },
};

const clock: Situation = {
  name: "clock-a-year-back",
  needs: "faketime",
  async attempt(bench) {
    await bench.killAt100();
    const result = await bench.train({}, 'faketime -f -365d "$@"').ended;
    if (result.code !== 0) return `exit ${result.code}: ${result.stderr.slice(-300)}`;
    return bench.compare();
  },
};

/** Every situation, by name. */
export const situations: readonly Situation[] = [
  ...[...signals, pressedTwice, killed, ...full, readOnly, ...refusals, ...deleted, ...damaged],
  ...[...locks, ...streams, clock],
];

/** Where mounting is allowed, tmpfs stands for disks that are full or read-only. */
async function onDisk(
  bench: Bench,
  options: string,
  attempt: () => Promise<string | undefined>,
): Promise<string | undefined> {
  mount("-t", "tmpfs", "-o", options, "tmpfs", bench.out);
  try {
    return await attempt();
  } finally {
    spawnSync("umount", ["-l", bench.out]);
  }
}

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("mount", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`mount ${args.join(" ")}: ${stderr}`);
}
