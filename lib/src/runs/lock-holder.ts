/** What a lock says about the process that holds it. */

import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { readIfThere } from "./disk-read.ts";
import { noBeat } from "./heartbeat.ts";
import { type Life, lifeOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const schema = z.object({
  pid: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  host: z.string().regex(/^[\w.-]{1,255}$/),
  boot: z.string().max(100),
  space: z.string().max(100),
  started: z.string().max(30),
});

/** Larger than everything that is written here. */
const largest = 4096;

/** Entries of locks that are held in this thread. */
const heldHere = new Set<string>();

export function markHeld(entry: string): void {
  heldHere.add(entry);
}

export function unmarkHeld(entry: string): void {
  heldHere.delete(entry);
}

/** The text of an entry for this process, and where in it the signs of life are counted. */
export function ownEntry(): { readonly text: string; readonly beatAt: number } {
  const identity = JSON.stringify(ownIdentity());
  return { text: `${identity}\n${noBeat}\n`, beatAt: Buffer.byteLength(identity) + 1 };
}

/** The holder that an entry names; undefined when it was not written by a process of tinylens, or not wholly. */
export function parseHolder(bytes: Uint8Array): ProcessIdentity | undefined {
  try {
    const first = new TextDecoder().decode(bytes).split("\n", 1)[0] ?? "";
    return schema.safeParse(JSON.parse(first)).data;
  } catch {
    return undefined;
  }
}

/** The bytes of an entry; undefined when it has been removed. */
export function readEntry(path: string): Promise<Uint8Array | undefined> {
  return readIfThere(path, largest);
}

/** Whether the holder of `entry` runs, as far as can be seen without waiting. */
export function lifeOfHolder(entry: string, holder: ProcessIdentity | undefined): Life {
  if (heldHere.has(entry)) return "alive";
  if (holder === undefined) return "unknown";
  const life = lifeOf(holder);
  const self = ownIdentity();
  // Another thread of this process, or another copy of this module, cannot be seen from here.
  const isSelf = holder.pid === self.pid && holder.started === self.started;
  return life === "alive" && isSelf ? "unknown" : life;
}

/** How signs of life are given and looked for. */
export interface LockTiming {
  /** Time from one sign of a holder to the next, in ms. */
  readonly beatEvery: number;
  /** Time from one look of a watcher to the next, in ms. */
  readonly lookEvery: number;
  /** Looks without a change after which a holder is taken to be dead. */
  readonly looks: number;
}

/** A holder must miss 24 signs in a row before it is taken to be dead. */
export const usualTiming: LockTiming = { beatEvery: 5000, lookEvery: 1000, looks: 120 };

/**
 * Watch an entry whose holder cannot be seen; true when it shows no sign of life or is given back,
 * false when it lives or `signal` ends the watch. Looks are counted instead of reading a clock, so
 * that neither a clock that jumps nor a suspended machine makes a holder look dead.
 */
export async function isSilent(
  read: () => Promise<Uint8Array | undefined>,
  first: Uint8Array,
  { lookEvery, looks }: LockTiming,
  signal?: AbortSignal,
): Promise<boolean> {
  for (let look = 0; look < looks; look++) {
    await wait(lookEvery, undefined, signal && { signal }).catch(() => undefined);
    if (signal?.aborted === true) return false;
    const now = await read();
    if (now === undefined) return true;
    if (Buffer.compare(now, first) !== 0) return false;
  }
  return true;
}

/** `process 12`, with where it runs unless its number can be used here. */
export function nameOf(holder: ProcessIdentity | undefined): string {
  if (holder === undefined) return "a process that has not said its name";
  const self = ownIdentity();
  const { pid, host, boot, space } = holder;
  if (boot === self.boot && space === self.space && host === self.host) return `process ${pid}`;
  const container = boot === self.boot && space !== self.space;
  return `process ${pid} on ${host}${container ? " in another container" : ""}`;
}
