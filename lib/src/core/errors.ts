/** Errors a user can cause. One sentence: where, the rule, what it got, the nearest valid choice. */

import type { Shape } from "./nd.ts";
import { printable, sentence } from "./text.ts";

/**
 * Wrong input: the command line prints the message alone and exits with code 2. The message is always
 * one line of a few hundred characters, whatever texts of files or options went into it.
 */
export class InputError extends Error {
  override readonly name: string = "InputError";
  constructor(message: string, options?: ErrorOptions) {
    super(sentence(message), options);
  }
}

/** Two shapes that should agree do not. A size of -1 in `expected` means "any". */
export class ShapeError extends InputError {
  override readonly name = "ShapeError";
  readonly expected: Shape;
  readonly got: Shape;
  constructor(what: string, expected: Shape, got: Shape) {
    const wanted = expected.map((size) => (size < 0 ? "?" : String(size)));
    super(`${what}: expected [${wanted}], got [${got}]`);
    this.expected = expected;
    this.got = got;
  }
}

/** A name that is not in a list; the message offers the nearest ones. */
export class UnknownNameError extends InputError {
  override readonly name = "UnknownNameError";
  readonly got: string;
  readonly nearest: readonly string[];
  constructor(where: string, kind: string, got: string, valid: readonly string[]) {
    const nearest = nearestNames(got, valid);
    const offered = nearest.map((name) => printable(name)).join(", ") || "none";
    super(`${where}: unknown ${kind} "${printable(got)}"; did you mean ${offered}?`);
    this.got = got;
    this.nearest = nearest;
  }
}

/** Something this machine lacks; the message says what to install or choose instead. */
export class MissingError extends InputError {
  override readonly name = "MissingError";
}

/** Most names that are compared, and most characters of each, so that a file cannot ask for hours. */
const MOST_NAMES = 2000;
const LONGEST_NAME = 64;

/**
 * Up to `count` of the `valid` names closest to `got` by edit distance, best first. Only the first
 * 2,000 names and the first 64 characters of each are compared.
 */
export function nearestNames(got: string, valid: readonly string[], count = 3): string[] {
  const wanted = comparable(got);
  return valid
    .slice(0, MOST_NAMES)
    .map((name) => ({ name, distance: editDistance(wanted, comparable(name)) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ name }) => name);
}

function comparable(name: string): string {
  return name.slice(0, LONGEST_NAME).toLowerCase();
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
