/**
 * A process of the campaign `locks`: takes and gives back the lock of one run folder, over and over. It
 * prints one word a line for what happened; on `die` its parent kills it while it holds the lock.
 */

import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { LockTiming } from "../../../lib/src/runs/lock-holder.ts";
import { generator } from "../mutate.ts";

/** What a holder is to do, as JSON in its first argument. */
export interface HolderOrders {
  /** Module with `takeLock` and the one with `removeUnfinished`. */
  readonly modules: { readonly lock: string; readonly disk: string };
  readonly folder: string;
  /** A file that says who holds the lock. */
  readonly marker: string;
  readonly ms: number;
  readonly seed: number;
  readonly index: number;
  readonly timing: LockTiming;
  /** The longest time that the lock is held. */
  readonly holdMs: number;
}

type Take = (folder: string, options: { timing: LockTiming }) => Promise<() => Promise<void>>;

const orders = JSON.parse(process.argv[2] as string) as HolderOrders;
const { takeLock } = (await import(orders.modules.lock)) as { takeLock: Take };
const { removeUnfinished } = (await import(orders.modules.disk)) as {
  removeUnfinished: (folder: string) => Promise<void>;
};
const random = generator(orders.seed, orders.index);
const end = performance.now() + orders.ms;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

for (let turn = 0; performance.now() < end; turn++) {
  try {
    await hold(await takeLock(orders.folder, { timing: orders.timing }), `${orders.index} ${turn}`);
    if (random.random() < 0.5) await wait(random.random() * 3);
  } catch (error) {
    const { message } = error as Error;
    say(/: locked by /.test(message) ? "refused" : `wrong ${message.replaceAll("\n", " ")}`);
    await wait(random.random() * 5);
  }
}
process.exit(0);

/** While one process holds the lock, no other may write the marker. */
async function hold(release: () => Promise<void>, name: string): Promise<void> {
  say("taken");
  writeFileSync(orders.marker, name);
  await removeUnfinished(orders.folder);
  await wait(random.random() * orders.holdMs);
  if (read() !== name) say(`twice ${name} and ${read()}`);
  if (random.random() < 0.15) {
    say("die");
    await wait(60_000);
  }
  unlinkSync(orders.marker);
  await release();
}

function read(): string {
  try {
    return readFileSync(orders.marker, "utf8");
  } catch {
    return "nobody";
  }
}
