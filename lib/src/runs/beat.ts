/** Signs of life: a number in a file that is counted up. */

import { closeSync, openSync, writeSync } from "node:fs";

/** Begin (`every` ms) or, without `every`, end the signs in the file `path`. */
export interface BeatOrder {
  readonly path: string;
  /** Where in the file the count stands, in bytes. */
  readonly offset: number;
  readonly every?: number;
}

/** Digits of the count. */
export const beatWidth = 12;

const timers = new Map<string, NodeJS.Timeout>();

/** Follow an order. */
export function follow({ path, offset, every }: BeatOrder): void {
  clearInterval(timers.get(path));
  timers.delete(path);
  if (every === undefined) return;
  let count = 0;
  const beat = (): void => {
    count += 1;
    write(path, offset, String(count).padStart(beatWidth, "0"));
  };
  timers.set(path, setInterval(beat, every));
}

/** A file that is gone stays gone; after a disk that refuses, the next sign may succeed. */
function write(path: string, offset: number, text: string): void {
  try {
    const file = openSync(path, "r+");
    try {
      writeSync(file, text, offset);
    } finally {
      closeSync(file);
    }
  } catch {
    // Whoever watches sees no sign, which is the truth.
  }
}
