import type { Tensor } from "../arrays/index.ts";
import { InputError } from "../core/errors.ts";
import { changed, compose, identity } from "./hooks.ts";
import { matchPoints, type Names } from "./match-points.ts";
import type { Hook, Point } from "./model.ts";
import type { Reach } from "./reach.ts";

/**
 * A change at some points: what the function returns replaces the value, and nothing is changed when
 * it returns nothing. A function that computes something of its argument must return a tensor, the
 * argument itself if it only looks.
 */
export type HookEntry = readonly [
  names: Names,
  change: (x: Tensor, name: string) => Tensor | undefined,
];

/** The changes of one pass. */
export interface Hooks {
  readonly hook: Hook;
  /** @throws InputError when an entry has not fired in the pass; `why` ends the sentence. */
  requireFired(why?: string): void;
}

/**
 * The hook that applies every entry at its points, in the order given.
 * @throws UnknownNameError or InputError for names that do not fire, or lie out of `reach`.
 */
export function hooksOf(
  where: string,
  points: readonly Point[],
  entries: readonly HookEntry[],
  reach?: Reach,
): Hooks {
  checkEntries(where, entries);
  const waiting: (() => string | undefined)[] = [];
  const hooks = entries.map(([names, change]): Hook => {
    const at = new Set(matchPoints(where, points, names, reach));
    const left = new Set(at);
    waiting.push(() =>
      typeof names === "function" && left.size < at.size ? undefined : [...left][0],
    );
    return (name, x) => {
      if (!at.has(name)) return x;
      left.delete(name);
      return changed(name, x, change);
    };
  });
  return {
    hook: hooks.length === 0 ? identity : compose(...hooks),
    requireFired(why = "") {
      const name = waiting.map((first) => first()).find((one) => one !== undefined);
      if (name === undefined) return;
      throw new InputError(`${where}: the hook at "${name}" did not fire${why}`);
    },
  };
}

function checkEntries(where: string, entries: readonly HookEntry[]): void {
  const isEntry = (entry: unknown): boolean =>
    Array.isArray(entry) && entry.length === 2 && typeof entry[1] === "function";
  if (Array.isArray(entries) && entries.every(isEntry)) return;
  throw new InputError(
    `${where}: hooks must be a list of [names, function] pairs, such as [["hook_embed", (x) => x.mul(0)]]`,
  );
}
