/** A place where one situation of the campaign `faults` is tried, with the command line from the sources. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../lib/bin/tinylens.js", import.meta.url));
const node = [process.execPath, "--no-warnings", "--conditions=tinylens:src", program];

/** A short run with many checkpoints. */
export const study = [
  ...["run", "max-of-two", "--smoke", "--set", "steps=600", "--set", "checkpointEvery=50"],
];

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Run as `sh -c` would, so that streams can be redirected; `"$@"` is tinylens with its arguments. */
export function start(
  shell: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Started {
  const child = spawn("bash", ["-c", `exec ${shell}`, "tinylens", ...node, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  let stderr = "";
  child.stderr?.on("data", (text: Buffer) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((done) =>
    child.on("close", (code, signal) => done({ code, signal, stderr })),
  );
  return { child, ended };
}

/** A folder of runs, and what its run must become. */
export class Bench {
  readonly out: string;
  private readonly whole: string;

  constructor(out: string, whole: string) {
    this.out = out;
    this.whole = whole;
    mkdirSync(out, { recursive: true });
  }

  /** The folder of the run; undefined before there is one. */
  get run(): string | undefined {
    const name = readdirSync(this.out).find((entry) => entry.startsWith("max-of-two-"));
    return name === undefined ? undefined : join(this.out, name);
  }

  /** The folder of its training; undefined before there is one. */
  get training(): string | undefined {
    const folder = join(this.out, "trainings");
    const [name] = existsSync(folder) ? readdirSync(folder) : [];
    return name === undefined ? undefined : join(folder, name);
  }

  train(env: NodeJS.ProcessEnv = {}, shell = '"$@"'): Started {
    return start(shell, [...study, "--out", this.out], env);
  }

  /** Start training and wait for the checkpoint of step 100. */
  async trainTo100(shell?: string): Promise<Started> {
    const started = this.train({}, shell);
    let over = false;
    void started.ended.then(() => {
      over = true;
    });
    const there = () => existsSync(join(this.training ?? "", "checkpoints/100.safetensors"));
    while (!over && !there()) await wait(10);
    return started;
  }

  /** Train to 100, kill, and change what is left of the training. */
  async killAt100(damage: (training: string) => void = () => {}): Promise<void> {
    const { child, ended } = await this.trainTo100();
    child.kill("SIGKILL");
    await ended;
    damage(this.training as string);
  }

  /** Run the same command again: it must end well, with the bytes of a run that nothing happened to. */
  async again(): Promise<string | undefined> {
    const ended = await this.train().ended;
    if (ended.code !== 0) return `again: exit ${ended.code}, ${lastLine(ended.stderr)}`;
    return this.compare();
  }

  compare(): string | undefined {
    const [expected, got] = [hashes(this.whole), hashes(this.out)];
    const names = [...new Set([...Object.keys(expected), ...Object.keys(got)])];
    const different = names.filter((name) => expected[name] !== got[name]);
    return different.length === 0 ? undefined : `differs: ${different.join(", ")}`;
  }
}

/** Whatever must be the same in each folder of runs. */
function hashes(out: string): Record<string, string> {
  const names = readdirSync(out, { recursive: true, encoding: "utf8" }).sort();
  const kept = names.filter((name) =>
    /\.safetensors$|metrics\.jsonl$|measurements.*\.json$/.test(name),
  );
  const hash = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(out, name)))
      .digest("hex");
  return Object.fromEntries(kept.map((name) => [name, hash(name)]));
}

export function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

/** What no ending may show: a stack, or a fault of the program. */
export function outcry({ stderr }: Ended): string | undefined {
  const shown = /^\s+at .*:\d+:\d+|fault of tinylens|heap out of memory/m.exec(stderr);
  return shown === null ? undefined : `stack or fault: ${stderr.slice(0, 300)}`;
}

/** Refused in a sentence that matches, with exit code 2. */
export function refused(ended: Ended, sentence: RegExp): string | undefined {
  if (ended.code === 2 && sentence.test(lastLine(ended.stderr))) return outcry(ended);
  return `exit ${ended.code} ${ended.signal ?? ""}: ${lastLine(ended.stderr)}`;
}

/** A library to load before others that refuses some calls; undefined without a compiler. */
export function refusingLibrary(folder: string): string | undefined {
  const source = join(folder, "refuse.c");
  const library = join(folder, "refuse.so");
  writeFileSync(source, refuseSource);
  const built = spawnSync("gcc", ["-shared", "-fPIC", "-o", library, source, "-ldl"]);
  return built.status === 0 ? library : undefined;
}

/** LINK_ERRNO: no hard links. FSYNC_ERRNO: folders cannot be flushed. RENAME_ERRNO: every third rename fails. */
const refuseSource = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
static int number(const char *name) { return getenv(name) ? atoi(getenv(name)) : 0; }
int link(const char *from, const char *to) {
  if (number("LINK_ERRNO")) { errno = number("LINK_ERRNO"); return -1; }
  return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link"))(from, to);
}
int fsync(int file) {
  struct stat entry;
  if (number("FSYNC_ERRNO") && !fstat(file, &entry) && S_ISDIR(entry.st_mode)) {
    errno = number("FSYNC_ERRNO");
    return -1;
  }
  return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}
int rename(const char *from, const char *to) {
  static int calls = 0;
  if (number("RENAME_ERRNO") && ++calls % 3 == 0) { errno = number("RENAME_ERRNO"); return -1; }
  return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
}
`;
