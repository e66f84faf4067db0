/** Many processes that take one lock, some of them killed: two holders at once are a fault. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type LockTiming, usualTiming } from "../../lib/src/runs/lock-holder.ts";
import type { Campaign, Counts } from "./campaign.ts";
import type { HolderOrders } from "./locks/holder.ts";
import { type Generator, generator } from "./mutate.ts";

const holder = fileURLToPath(new URL("./locks/holder.ts", import.meta.url));
const own = (file: string): string => new URL(`../../lib/src/runs/${file}`, import.meta.url).href;

/** In containers the dead are told by their silence; 10 s of it, on a machine that is busy. */
const inContainers = {
  prefix: ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"],
  timing: { beatEvery: 100, lookEvery: 100, looks: 100 },
  holdMs: 600,
};

const sideBySide = { prefix: [], timing: usualTiming, holdMs: 4 };

/** Where the processes run, and how long they hold the lock. */
interface Place {
  readonly prefix: readonly string[];
  readonly timing: LockTiming;
  readonly holdMs: number;
}

interface Settings {
  readonly processes: number;
  readonly seconds: number;
  readonly seed: number;
  readonly modules: HolderOrders["modules"];
}

type Log = (line: string) => void;

export const campaign: Campaign = {
  name: "locks",
  summary:
    "processes that take one lock and are killed: --seconds 600 --processes 6 --seed 1 --containers 0.2 (share of the time in which each process is in a container of its own; needs root)",
  async run(args, log) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: "string", default: "600" },
        processes: { type: "string", default: "6" },
        seed: { type: "string", default: "1" },
        containers: { type: "string", default: "0.2" },
        lock: { type: "string", default: own("lock.ts") },
      },
    });
    const asked = Number(values.containers);
    const share = asked > 0 && canContain() ? asked : 0;
    if (share < asked) log("not tried: containers, which need root and unshare");
    const settings = {
      processes: Number(values.processes),
      seed: Number(values.seed),
      modules: { lock: values.lock, disk: own("disk.ts") },
    };
    const seconds = Number(values.seconds);
    const outside = { ...settings, seconds: seconds * (1 - share) };
    const plain = await stress(outside, sideBySide, log);
    if (share === 0) return plain;
    const inside = { ...settings, seconds: seconds * share };
    const contained = await stress(inside, inContainers, log);
    return {
      ...plain,
      faults: plain.faults + contained.faults,
      containers: contained.starts as number,
      "containers killed": contained.killed as number,
      "taken in containers": contained.taken as number,
      "refused in containers": contained.refused as number,
    };
  },
};

function canContain(): boolean {
  const [command, ...args] = [...inContainers.prefix, "true"];
  return spawnSync(command as string, args, { stdio: "ignore" }).status === 0;
}

/** Keep `processes` holders running for the time given; each is started again when it is killed. */
async function stress(
  { processes, seconds, seed, modules }: Settings,
  { prefix, ...place }: Place,
  log: Log,
): Promise<Counts> {
  const work = mkdtempSync(join(tmpdir(), "tinylens-locks-"));
  const folder = join(work, "run");
  const counts = { faults: 0, starts: 0, killed: 0, taken: 0, refused: 0 };
  const end = performance.now() + seconds * 1000;
  const random = generator(seed, 0);
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const index = ++counts.starts;
      const ms = end - performance.now();
      const marker = join(work, "marker");
      const orders = { modules, folder, marker, ms, seed, index, ...place };
      const { taken, refused, wrong, killed } = await runHolder(orders, prefix, random);
      counts.taken += taken;
      counts.refused += refused;
      counts.faults += wrong.length;
      counts.killed += killed ? 1 : 0;
      for (const line of wrong) log(`holder ${index}: ${line}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: processes }, one));
    counts.faults += leftovers(folder, log);
    return counts;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface HolderResult {
  readonly taken: number;
  readonly refused: number;
  readonly wrong: readonly string[];
  readonly killed: boolean;
}

/** One process, killed when it asks for it, and one time in three at a random moment. */
async function runHolder(
  orders: HolderOrders,
  prefix: readonly string[],
  random: Generator,
): Promise<HolderResult> {
  const node = [process.execPath, "--no-warnings", "--conditions=tinylens:src", holder];
  const [command, ...args] = [...prefix, ...node, JSON.stringify(orders)];
  const child = spawn(command as string, args, { stdio: ["ignore", "pipe", "pipe"] });
  const timer = new AbortController();
  if (random.random() < 1 / 3) killLater(child, 300 + random.random() * 3000, timer.signal);
  const result = { taken: 0, refused: 0, wrong: [] as string[], killed: false };
  let errors = "";
  child.stderr?.on("data", (text: Buffer) => {
    errors += text;
  });
  const closed = new Promise<void>((done) =>
    child.on("close", (_code, signal) => {
      result.killed = signal === "SIGKILL";
      done();
    }),
  );
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line === "taken") result.taken++;
    else if (line === "refused") result.refused++;
    else if (line === "die") child.kill("SIGKILL");
    else result.wrong.push(line);
  }
  await closed;
  timer.abort();
  if (errors !== "") result.wrong.push(errors.split("\n", 8).join(" | "));
  return result;
}

function killLater(child: ChildProcess, ms: number, signal: AbortSignal): void {
  void wait(ms, undefined, { signal }).then(
    () => child.kill("SIGKILL"),
    () => undefined,
  );
}

/** What a run folder may still hold afterwards: the lock, and what the last one killed had begun. */
function leftovers(folder: string, log: Log): number {
  if (!existsSync(folder)) return 0;
  const names = readdirSync(folder).filter((name) => !name.startsWith("lock"));
  for (const name of names) log(`left behind: ${name}`);
  return names.length;
}
