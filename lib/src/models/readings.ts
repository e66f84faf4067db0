/** Functions of a model, written eagerly on `HookedModel` and run compiled on a back end. */

import type { Tensor } from "../arrays/index.ts";
import { type Backend, type Compiled, compile, type Value } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import type { NdArray, Spec } from "../core/nd.ts";
import { checkOptions } from "../core/options.ts";
import { HookedModel } from "./hooked-model.ts";
import type { Model, WeightArrays, Weights } from "./model.ts";

/**
 * What is read off a model for some arrays (tokens, say): any number of named tensors. Written like a
 * cell of a notebook, with hooks, caches, ablation and patching; it must not read numbers, since it is
 * recorded once and then run for any weights and any arrays of the same shapes.
 */
export type Reading<
  C,
  A extends readonly Tensor[] = readonly Tensor[],
  T extends ReadTensors = ReadTensors,
> = (model: HookedModel<C>, ...arrays: A) => T;

/** What a reading returns: tensors by name. */
export type ReadTensors = Readonly<Record<string, Tensor>>;

/** The same as numbers. */
export type ReadArrays<T> = { readonly [K in keyof T]: NdArray };

/** Arrays for a reading's parameters. */
export type ReadingArguments<A extends readonly Tensor[]> = { readonly [I in keyof A]: NdArray };

/** A kind of model with its configuration, without weights. */
export interface ModelKind<C> {
  readonly model: Model<C>;
  readonly config: C;
}

/** One compiled reading and how many runs are under way. */
interface Pass {
  readonly compiled: Promise<Compiled>;
  running: number;
}

/** Compiled readings that are kept by default; each holds a session of the back end. */
const defaultLimit = 24;

/**
 * Readings compiled on one back end: once for each function, kind of model and shapes. Safe under
 * `Promise.all`. The least recently used one is released when there are more than `limit`.
 */
export class Readings {
  readonly backend: Backend;
  readonly #limit: number;
  /** In order of last use. */
  readonly #passes = new Map<string, Pass>();
  readonly #names = new Map<unknown, number>();
  #closed = false;

  constructor(backend: Backend, options: { readonly limit?: number } = {}) {
    checkOptions("Readings", options, { limit: true });
    const { limit = defaultLimit } = options;
    this.backend = backend;
    this.#limit = limit;
  }

  /**
   * What `reading` returns for these weights and arrays, as numbers. The result belongs to the
   * caller.
   */
  async run<C, A extends readonly Tensor[], T extends ReadTensors>(
    reading: Reading<C, A, T>,
    { model, config }: ModelKind<C>,
    weights: WeightArrays,
    ...arrays: ReadingArguments<A>
  ): Promise<ReadArrays<T>> {
    if (this.#closed) throw new InputError("Readings: closed; make another one");
    const inputs = arrays as readonly NdArray[];
    const key = this.#keyOf(reading, { model, config }, weights, inputs);
    const pass =
      this.#passes.get(key) ?? this.#compile(reading, { model, config }, weights, inputs);
    this.#passes.delete(key);
    this.#passes.set(key, pass);
    pass.running += 1;
    try {
      const compiled = await pass.compiled;
      const outputs = (await compiled.run(weights, ...inputs)) as Readonly<Record<string, Value>>;
      return (await numbersOf(outputs)) as ReadArrays<T>;
    } catch (error) {
      this.#passes.delete(key);
      throw error;
    } finally {
      pass.running -= 1;
      await this.#evict();
    }
  }

  /** Release every compiled reading. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const passes = [...this.#passes.values()];
    this.#passes.clear();
    for (const { compiled } of passes) await (await compiled).release();
  }

  #compile<C>(
    // biome-ignore lint/suspicious/noExplicitAny: parameters of any reading
    reading: (model: HookedModel<C>, ...arrays: any[]) => ReadTensors,
    { model, config }: ModelKind<C>,
    weights: WeightArrays,
    arrays: readonly NdArray[],
  ): Pass {
    const pass = (own: Weights, ...inputs: Tensor[]): ReadTensors =>
      reading(new HookedModel(model, config, own), ...inputs);
    const specs = [specsOf(weights), ...arrays.map(specOf)];
    return { compiled: compile(pass, specs, { backend: this.backend }), running: 0 };
  }

  #keyOf<C>(
    reading: unknown,
    { model, config }: ModelKind<C>,
    weights: WeightArrays,
    arrays: readonly NdArray[],
  ): string {
    const name = this.#names.get(reading) ?? this.#names.size;
    this.#names.set(reading, name);
    return JSON.stringify([name, model.name, config, specsOf(weights), arrays.map(specOf)]);
  }

  async #evict(): Promise<void> {
    for (const [key, { compiled, running }] of this.#passes) {
      if (this.#passes.size <= this.#limit) return;
      if (running > 0) continue;
      this.#passes.delete(key);
      await (await compiled).release();
    }
  }
}

/**
 * `reading` as a compiled function of arrays, for the weights `model` has now. For many checkpoints
 * of one kind of model use `Readings`, which compiles once for all of them.
 *
 * ```ts
 * await using pattern = await compiled(model, backend, (m, tokens: Tensor) => {
 *   const { logits, cache } = m.runWithCache(tokens);
 *   return { logits, pattern: cache.get("pattern", 0) };
 * });
 * const { logits } = await pattern(nd("int32", [1, 3], [5, 7, 113]));
 * ```
 */
export async function compiled<C, A extends readonly Tensor[], T extends ReadTensors>(
  { model, config, weights }: HookedModel<C>,
  backend: Backend,
  reading: Reading<C, A, T>,
): Promise<((...arrays: ReadingArguments<A>) => Promise<ReadArrays<T>>) & AsyncDisposable> {
  const readings = new Readings(backend);
  const entries = Object.entries(weights).map(async ([name, w]) => [name, await w.read()] as const);
  const arrays = Object.fromEntries(await Promise.all(entries));
  const run = (...inputs: ReadingArguments<A>): Promise<ReadArrays<T>> =>
    readings.run(reading, { model, config }, arrays, ...inputs);
  return Object.assign(run, { [Symbol.asyncDispose]: () => readings[Symbol.asyncDispose]() });
}

/** The numbers of the results; every value is freed, whatever happens. */
async function numbersOf(outputs: Readonly<Record<string, Value>>) {
  try {
    const entries = Object.entries(outputs).map(
      async ([name, value]) => [name, await value.read()] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  } finally {
    for (const value of Object.values(outputs)) value.dispose();
  }
}

function specOf({ dtype, shape }: NdArray): Spec {
  return { dtype, shape };
}

function specsOf(weights: WeightArrays): Readonly<Record<string, Spec>> {
  return Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, specOf(w)]));
}
