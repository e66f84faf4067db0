/**
 * Numbered cases in a worker thread under a watchdog. Every case draws from its own generator, so
 * `--seed S --only N` repeats case N of seed S alone. A case of more than `limitMs` of processor time is
 * a fault, one that does not end is stopped and is a fault too, and so is one that ends the worker.
 */

import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { Counts } from "./campaign.ts";
import type { Generator } from "./mutate.ts";

/** What became of a case: a word to count it under, and what was wrong, if anything. */
export interface Verdict {
  /** E.g. "read" or "refused". */
  readonly kind: string;
  /** Empty or absent when all is well; the first line groups faults of a kind. */
  readonly fault?: string | undefined;
}

export type Case = (index: number, g: Generator) => Verdict | Promise<Verdict>;

/** What the module of a campaign exports for the worker. */
export interface CaseModule {
  /** Called once in each worker; gives the function that runs a case. */
  setup(settings: unknown): Case | Promise<Case>;
}

export interface CaseOptions {
  readonly cases: number;
  readonly seed: number;
  /** Run this case alone. */
  readonly only?: number | undefined;
  /** Most processor time of a case. Default: 5 seconds. */
  readonly limitMs?: number;
  /** Most time of a case by the clock; other work may share the processors. Default: 60 seconds. */
  readonly endMs?: number;
  /** Given to `setup`; copied to the worker. */
  readonly settings?: unknown;
}

/** What the worker reports of a case; `ms` is processor time. */
export interface Outcome {
  readonly index: number;
  readonly verdict: Verdict;
  readonly ms: number;
}

/** What the worker is given. */
export interface Task {
  readonly module: string;
  readonly settings: unknown;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Two numbers: when the present case began (milliseconds, 0 between cases), and its index. */
  readonly clock: SharedArrayBuffer;
}

/** The options that all campaigns of cases share: `--cases`, `--seed`, `--only`. */
export function caseOptions(args: readonly string[], defaults: { readonly cases: number }) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cases: { type: "string", default: String(defaults.cases) },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
    },
  });
  const only = values.only === undefined ? undefined : Number(values.only);
  return { cases: Number(values.cases), seed: Number(values.seed), only };
}

/** Run the cases of the module at `module`; one line of `log` for each kind of fault. */
export async function runCases(
  module: URL,
  options: CaseOptions,
  log: (line: string) => void,
): Promise<Counts> {
  const tally = new Tally(options.limitMs ?? 5000);
  const end = options.only === undefined ? options.cases : options.only + 1;
  let next = options.only ?? 0;
  while (next < end) next = await runWorker(module, options, [next, end], tally);
  for (const line of tally.lines(options.seed)) log(line);
  return tally.counts();
}

/** Faults by their first line, and how often each kind of verdict was given. */
class Tally {
  private readonly limitMs: number;
  private readonly kinds = new Map<string, number>();
  private readonly faults = new Map<string, { count: number; first: number; text: string }>();
  private tried = 0;
  private slowest = 0;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
  }

  add(index: number, { kind, fault }: Verdict, ms: number): void {
    this.tried++;
    this.slowest = Math.max(this.slowest, ms);
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    if (fault !== undefined && fault !== "") this.fault(index, fault);
    else if (ms > this.limitMs) this.fault(index, `took ${Math.round(ms)} ms of processor time`);
  }

  private fault(index: number, text: string): void {
    const line = text.split("\n")[0]?.slice(0, 160) ?? "";
    const key = line.replaceAll(/\d+/g, "#");
    const known = this.faults.get(key);
    if (known === undefined) this.faults.set(key, { count: 1, first: index, text });
    else known.count++;
  }

  lines(seed: number): string[] {
    const found = [...this.faults.values()].sort((a, b) => b.count - a.count);
    return found.map(({ count, first, text }) => {
      const shown = text.slice(0, 1500).split("\n").slice(0, 6).join("\n    ");
      return `fault, ${count} times; --seed ${seed} --only ${first}: ${shown}`;
    });
  }

  counts(): Counts {
    const faults = this.faults.values().reduce((sum, { count }) => sum + count, 0);
    const kinds = Object.fromEntries([...this.kinds].sort());
    return { tried: this.tried, ...kinds, faults, "slowest (ms)": Math.round(this.slowest) };
  }
}

/** One worker, from a case until the end or until it is lost; returns the next case. */
function runWorker(
  module: URL,
  { seed, settings, endMs = 60_000 }: CaseOptions,
  [from, to]: readonly [number, number],
  tally: Tally,
): Promise<number> {
  const clock = new SharedArrayBuffer(16);
  const present = new Float64Array(clock);
  const task: Task = { module: module.href, settings, seed, from, to, clock };
  return new Promise((resolve) => {
    const worker = new Worker(new URL("./workers/case-worker.ts", import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: 1536 },
      execArgv: ["--no-warnings", "--conditions=tinylens:src"],
    });
    let ended = false;
    const lose = (what: string): void => {
      if (ended) return;
      ended = true;
      const index = present[1] as number;
      tally.add(index, { kind: "lost", fault: what }, 0);
      void worker.terminate().then(() => done(index + 1));
    };
    const done = (next: number): void => {
      clearInterval(watchdog);
      resolve(next);
    };
    const watchdog = setInterval(() => {
      const begun = present[0] as number;
      if (begun > 0 && Date.now() - begun > endMs) lose("does not end");
    }, 500);
    worker.on("message", ({ index, verdict, ms }: Outcome) => {
      tally.add(index, verdict, ms);
      // What a case left open (timers, handles) does not keep the thread.
      if (index !== to - 1) return;
      ended = true;
      void worker.terminate().then(() => done(to));
    });
    worker.on("error", (error) => lose(`ends the worker: ${error.stack ?? error}`));
    worker.on("exit", (code) => {
      if (!ended) lose(`ends the worker with code ${code}`);
    });
  });
}
