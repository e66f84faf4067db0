/** A contestant in a process of its own, driven over a pipe (see `peers/protocol.ts`). */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { median, type Summary } from "./peers/protocol.ts";

export interface Command {
  /** Stands for the contestant until it has said its name. */
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
}

export interface Contestant {
  readonly summary: Summary;
  /** Milliseconds of each of `count` more steps. */
  run(count: number): Promise<readonly number[]>;
  stop(): Promise<void>;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Why a process ended before it answered: its last words. */
async function lastWords(child: Child): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of child.stderr) chunks.push(String(chunk));
  return chunks.join("").trim().split("\n").at(-1) ?? "no word";
}

/** Start a contestant; it warms up before it is ready. Rejects with the reason when it cannot run. */
export async function start({ title, program, args }: Command): Promise<Contestant> {
  const child: Child = spawn(program, [...args, "--serve"], { stdio: ["pipe", "pipe", "pipe"] });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (error) => reject(new Error(`${title}: ${error.message}`)));
  });
  const words = lastWords(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<{ ready?: Summary; ms?: readonly number[] }> => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done === true) throw new Error(`${title}: ${await words}`);
    return JSON.parse(value);
  };
  const { ready } = await answer();
  if (ready === undefined) throw new Error(`${title}: did not say that it is ready`);
  return {
    summary: ready,
    async run(count) {
      child.stdin.write(`${count}\n`);
      return (await answer()).ms ?? [];
    },
    async stop() {
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.stdin.end();
      await ended;
    },
  };
}

export interface Result {
  readonly name: string;
  readonly threads: number;
  /** Median over all rounds. */
  readonly msPerStep: number;
  readonly losses: readonly number[];
}

/** Time the contestants in turn, A B A B …, each turn about `turnMs` long. */
export async function compete(
  contestants: readonly Contestant[],
  rounds: number,
  turnMs: number,
): Promise<readonly Result[]> {
  const times: number[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { summary, run }] of contestants.entries()) {
      const count = Math.max(2, Math.round(turnMs / summary.ms_per_step));
      times[i]?.push(...(await run(count)));
    }
  }
  return contestants.map(({ summary: { name, threads, losses } }, i) => ({
    name,
    threads,
    msPerStep: median(times[i] ?? []),
    losses,
  }));
}
