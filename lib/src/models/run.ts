/** Forward passes that read or change activations. */

import type { Tensor } from "../arrays/index.ts";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { cacheInto, compose, identity, sameShape } from "./hooks.ts";
import type { Hook, Model, Point, Weights } from "./model.ts";

/** One hook point by name, several, or every point of which the predicate is true. */
export type Names = string | readonly string[] | ((name: string) => boolean);

/** A change at some points: what the function returns replaces the value. */
export type HookEntry = readonly [names: Names, change: (x: Tensor, name: string) => Tensor];

/** Positions to keep: one (its axis stays, with size 1), or [start, end); negative counts from the end. */
export type PosSlice = number | readonly [start: number, end: number];

/** Activations by name, in the order of firing. */
export type Cache = ReadonlyMap<string, Tensor>;

export interface CacheOptions {
  /** Which points to keep; default all that fire. */
  readonly names?: Names;
  /** Keep only these positions of every axis "pos", and of "dest" in attention. */
  readonly posSlice?: PosSlice;
  /** Changes, applied before a value is cached. */
  readonly hooks?: readonly HookEntry[];
  /** Stop the forward pass after the last point that is kept; there are no logits then. */
  readonly stopAfterLast?: boolean;
}

export interface Cached {
  readonly logits: Tensor;
  readonly cache: Cache;
}

/** Thrown by the last kept point to end a forward pass early; never leaves `runWithCache`. */
class Stop extends Error {}

/**
 * Logits "batch pos d_vocab_out" and the activations by name, as they are after any `hooks`.
 * @throws UnknownNameError or InputError for names that do not fire with this configuration.
 */
export function runWithCache<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  tokens: Tensor,
  options: CacheOptions & { readonly stopAfterLast: true },
): { readonly logits: undefined; readonly cache: Cache };
export function runWithCache<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  tokens: Tensor,
  options?: CacheOptions & { readonly stopAfterLast?: false },
): Cached;
export function runWithCache<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  tokens: Tensor,
  options: CacheOptions = {},
): { readonly logits: Tensor | undefined; readonly cache: Cache } {
  const where = "runWithCache";
  const points = model.points(config);
  const names = new Set(matching(where, points, options.names ?? (() => true)));
  const changes = entriesHook(where, points, options.hooks ?? []);
  const cache = new Map<string, Tensor>();
  const keep = cacheInto(cache, (name) => names.has(name));
  const last = options.stopAfterLast ? points.findLast((p) => names.has(p.name))?.name : undefined;
  const stop: Hook = (name, x) => {
    if (name === last) throw new Stop();
    return x;
  };
  let logits: Tensor | undefined;
  try {
    logits = model.forward(weights, config, tokens, compose(changes, keep, stop));
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return { logits, cache: slicePositions(cache, points, options.posSlice) };
}

/** Logits "batch pos d_vocab_out" with some activations changed. Errors as for `runWithCache`. */
export function runWithHooks<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  tokens: Tensor,
  hooks: readonly HookEntry[],
): Tensor {
  const changes = entriesHook("runWithHooks", model.points(config), hooks);
  return model.forward(weights, config, tokens, changes);
}

/** The hook that applies every entry at its points, in the order given. */
function entriesHook(where: string, points: readonly Point[], entries: readonly HookEntry[]): Hook {
  const hooks = entries.map(([names, change]): Hook => {
    const at = new Set(matching(where, points, names));
    return (name, x) => (at.has(name) ? sameShape(name, x, change(x, name)) : x);
  });
  return hooks.length === 0 ? identity : compose(...hooks);
}

/** The names that `names` means; an error when one of them does not fire. */
function matching(where: string, points: readonly Point[], names: Names): readonly string[] {
  const firing = points.filter((p) => p.fires).map((p) => p.name);
  if (typeof names === "function") {
    const found = firing.filter(names);
    if (found.length > 0) return found;
    const silent = points.find((p) => !p.fires && names(p.name));
    if (silent !== undefined) throw silentPoint(where, silent);
    throw new InputError(
      `${where}: the predicate matches none of the ${firing.length} hook points, ` +
        `which are ${firing.slice(0, 3).join(", ")} … ${firing.at(-1)}`,
    );
  }
  const list = typeof names === "string" ? [names] : names;
  for (const name of list) {
    if (firing.includes(name)) continue;
    const silent = points.find((p) => p.name === name);
    if (silent !== undefined) throw silentPoint(where, silent);
    throw new UnknownNameError(where, "hook point", name, firing);
  }
  return list;
}

function silentPoint(where: string, { name, enabledBy }: Point): InputError {
  return new InputError(
    `${where}: hook point "${name}" does not fire; set ${enabledBy}: true in the configuration`,
  );
}

function slicePositions(cache: Cache, points: readonly Point[], slice?: PosSlice): Cache {
  if (slice === undefined) return cache;
  const axesOf = new Map(points.map((p) => [p.name, p.axes.split(" ")]));
  return new Map(
    [...cache].map(([name, x]) => {
      const axis = axesOf.get(name)?.findIndex((a) => a === "pos" || a === "dest") ?? -1;
      return [name, axis < 0 ? x : sliceAxis(x, axis, slice)];
    }),
  );
}

function sliceAxis(x: Tensor, axis: number, slice: PosSlice): Tensor {
  const size = x.shape[axis] as number;
  const range: readonly [number, number] =
    typeof slice === "number" ? [slice, slice === -1 ? size : slice + 1] : slice;
  return x.at(...Array.from({ length: axis }, () => [] as const), range);
}
