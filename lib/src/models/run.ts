/** Forward passes that read or change activations. */

import type { Tensor } from "../arrays/index.ts";
import { InputError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { shown } from "../core/text.ts";
import { defaultLoss, gradSuffix, type Loss, passWithGradients } from "./gradients.ts";
import { guarded } from "./guarded.ts";
import { type HookEntry, hooksOf } from "./hook-entries.ts";
import { cacheInto, compose } from "./hooks.ts";
import { matchPoints, type Names } from "./match-points.ts";
import type { Hook, Model, Point, Weights } from "./model.ts";
import { pointRows } from "./point-shapes.ts";
import { runSpan } from "./run-forward.ts";
import { applySliceKeepingAxis, type Slice } from "./slice.ts";
import { maskTensor, type Tokens, tokenTensor } from "./tokens.ts";

/** Activations by name, in the order of firing. */
export type Cache = ReadonlyMap<string, Tensor>;

/** What `runWithCache` keeps and changes. */
export interface CacheOptions {
  /** Which points to keep; default all that fire. */
  readonly names?: Names;
  /**
   * Keep only these positions of every axis "pos", and of "dest" in attention, whose axis "src"
   * stays whole. One position keeps its axis, with size 1.
   */
  readonly posSlice?: Slice;
  /** Changes, applied before a value is cached. */
  readonly hooks?: readonly HookEntry[];
  /** "batch pos", 0 where a token is padding; see `forward`. */
  readonly attentionMask?: Tokens;
  /** Stop the forward pass after the last point that is kept; there are no logits then. */
  readonly stopAfterLast?: boolean;
  /** Also keep d(loss)/d(activation) of every point, under its name + "_grad". Default false. */
  readonly inclBwd?: boolean;
  /** What `inclBwd` differentiates; default the mean cross-entropy of the next real token. */
  readonly loss?: Loss;
}

/** Options of a pass that ends early. */
export interface StoppedOptions extends CacheOptions {
  readonly stopAfterLast: true;
  readonly inclBwd?: false;
}

/** Options of a pass with gradients. */
export interface GradientOptions extends CacheOptions {
  readonly inclBwd: true;
  readonly stopAfterLast?: false;
}

/** Options of a plain pass. */
export interface PlainOptions extends CacheOptions {
  readonly stopAfterLast?: false;
  readonly inclBwd?: false;
}

/** Logits "batch pos d_vocab_out" (undefined when stopped), the loss (with `inclBwd`), activations. */
export interface Cached<K = Cache> {
  readonly logits: Tensor;
  readonly cache: K;
}
/** Logits, activations and gradients with the loss that was differentiated. */
export interface CachedWithLoss<K = Cache> extends Cached<K> {
  /** What was differentiated, shape []. */
  readonly loss: Tensor;
}
/** Activations of a pass that ended early. */
export interface CachedStopped<K = Cache> {
  readonly logits: undefined;
  readonly cache: K;
}

const cacheOptions: OptionNames<CacheOptions> = {
  names: true,
  posSlice: true,
  hooks: true,
  attentionMask: true,
  stopAfterLast: true,
  inclBwd: true,
  loss: true,
};

export type AnyCacheOptions = StoppedOptions | GradientOptions | PlainOptions;
export type AnyCached = Cached | CachedWithLoss | CachedStopped;

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
  tokens: Tokens,
  options: StoppedOptions,
): CachedStopped;
export function runWithCache<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  tokens: Tokens,
  options: GradientOptions,
): CachedWithLoss;
export function runWithCache<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  tokens: Tokens,
  options?: PlainOptions,
): Cached;
export function runWithCache<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  tokens: Tokens,
  options: AnyCacheOptions = {},
): AnyCached {
  return runWithAnyCache(model, weights, config, tokens, options);
}

/** `runWithCache` for options of which only the run knows the kind. */
export function runWithAnyCache<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  tokens: Tokens,
  options: AnyCacheOptions,
): AnyCached {
  const where = "runWithCache";
  checkOptions<AnyCacheOptions>(where, options, cacheOptions);
  checkGradientOptions(where, options);
  const points = model.points(config);
  const parameters = model.parameters(config);
  const checked = tokenTensor(where, parameters, tokens, model.reads);
  const names = new Set(matchPoints(where, points, options.names ?? (() => true)));
  const { hook: changes, requireFired } = hooksOf(where, points, options.hooks ?? []);
  const sliced = (cache: Cache): Cache => slicePositions(cache, points, options.posSlice);
  const attentionMask = options.attentionMask && maskTensor(where, options.attentionMask);
  const run = (own: Hook): Tensor => {
    const { tokens, hook } = guarded(parameters, checked, own, model.reads);
    return attentionMask === undefined
      ? model.forward(weights, config, tokens, hook)
      : runSpan(model, weights, config, tokens, hook, { attentionMask });
  };
  if (options.inclBwd) {
    const loss = options.loss ?? defaultLoss(where, parameters, attentionMask);
    const rows = pointRows(points, parameters).filter((row) => names.has(row.name));
    const pass = passWithGradients(run, weights, checked, rows, changes, loss);
    requireFired();
    return { ...pass, cache: sliced(pass.cache) };
  }
  const cache = new Map<string, Tensor>();
  const keep = cacheInto(cache, (name) => names.has(name));
  const last = options.stopAfterLast ? points.findLast((p) => names.has(p.name))?.name : undefined;
  const logits = untilStopped(last, (stop) => run(compose(changes, keep, stop)));
  requireFired(last === undefined ? "" : `, since the pass ends after "${last}"`);
  return { logits, cache: sliced(cache) } as AnyCached;
}

/** @throws InputError for a loss that nothing differentiates, and for gradients of a pass without an end. */
function checkGradientOptions(where: string, options: AnyCacheOptions): void {
  const { inclBwd, stopAfterLast, loss }: CacheOptions = options;
  if (inclBwd && stopAfterLast) {
    throw new InputError(`${where}: inclBwd needs the whole pass, so leave stopAfterLast out`);
  }
  if (loss === undefined) return;
  if (!inclBwd)
    throw new InputError(`${where}: loss is used with inclBwd: true only, got no inclBwd`);
  if (typeof loss === "function") return;
  throw new InputError(
    `${where}: loss must be a function of logits and tokens, got ${shown(loss)}`,
  );
}

/** Run a pass with a hook that ends it at the point `last`: undefined if it did. */
function untilStopped(last: string | undefined, pass: (stop: Hook) => Tensor): Tensor | undefined {
  try {
    return pass((name, x) => {
      if (name === last) throw new Stop();
      return x;
    });
  } catch (error) {
    if (error instanceof Stop) return undefined;
    throw error;
  }
}

/** Logits "batch pos d_vocab_out" with some activations changed. Errors as for `runWithCache`. */
export function runWithHooks<C>(
  model: Model<C>,
  weights: Weights,
  config: C,
  tokens: Tokens,
  hooks: readonly HookEntry[],
): Tensor {
  const parameters = model.parameters(config);
  const checked = tokenTensor("runWithHooks", parameters, tokens, model.reads);
  const changes = hooksOf("runWithHooks", model.points(config), hooks);
  const run = guarded(parameters, checked, changes.hook, model.reads);
  const logits = model.forward(weights, config, run.tokens, run.hook);
  changes.requireFired();
  return logits;
}

function slicePositions(cache: Cache, points: readonly Point[], slice?: Slice): Cache {
  if (slice === undefined) return cache;
  const axesOf = new Map(points.map((p) => [p.name, p.axes.split(" ")]));
  return new Map(
    [...cache].map(([name, x]) => {
      const axes = axesOf.get(name.endsWith(gradSuffix) ? name.slice(0, -gradSuffix.length) : name);
      const axis = axes?.findIndex((a) => a === "pos" || a === "dest") ?? -1;
      return [name, axis < 0 ? x : applySliceKeepingAxis(x, axis, slice)];
    }),
  );
}
