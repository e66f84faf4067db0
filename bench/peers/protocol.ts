/**
 * How the benchmark talks to a contestant. Each runs in its own process. Started with `--serve` it
 * prints one line `{"ready": summary}`, then for every line on standard input that holds a number n
 * it runs n steps and prints `{"ms": [n numbers]}`. Without `--serve` it prints one summary and ends.
 */

import { createInterface } from "node:readline";

/** A training step ready to be timed. */
export interface Contestant {
  readonly name: string;
  readonly threads: number;
  /** One update; the mean train loss in nats before it. */
  step(): Promise<number>;
}

export interface Summary {
  readonly name: string;
  readonly threads: number;
  readonly ms_per_step: number;
  /** Train losses in nats before each of the first updates. */
  readonly losses: readonly number[];
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

async function timed(contestant: Contestant, count: number) {
  const losses: number[] = [];
  const ms: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    losses.push(await contestant.step());
    ms.push(performance.now() - start);
  }
  return { losses, ms };
}

/** Run `steps` updates to warm up, then summarize, or serve when `serve` is set. */
export async function run(contestant: Contestant, steps: number, serve: boolean): Promise<void> {
  const { losses, ms } = await timed(contestant, steps);
  const { name, threads } = contestant;
  const warm = ms.slice(Math.min(5, ms.length >> 1));
  const summary: Summary = { name, threads, ms_per_step: median(warm), losses };
  if (!serve) {
    console.log(JSON.stringify(summary));
    return;
  }
  console.log(JSON.stringify({ ready: summary }));
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify({ ms: (await timed(contestant, Number(line))).ms }));
  }
}
