import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { checkOptions } from "../../core/options.ts";
import type { Rng } from "../../core/rng.ts";

/** How an interval is found. */
export interface BootstrapOptions {
  readonly rng: Rng;
  /** Share of the bootstrap means inside the interval; default 0.95. */
  readonly level?: number;
  /** Number of bootstrap samples; default 1000. */
  readonly samples?: number;
}

/** A mean with the interval it lies in. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The mean of `values` and the percentile bootstrap interval of it (Efron 1979): the quantiles
 * (1 - level) / 2 and (1 + level) / 2, interpolated linearly, of the means of samples drawn with
 * replacement. @throws InputError without values, for a level outside (0, 1) or no samples.
 */
export function bootstrapInterval(
  values: ArrayLike<number> | NdArray,
  options: BootstrapOptions,
): Interval {
  checkOptions("bootstrapInterval", options, { rng: true, level: true, samples: true });
  const { rng, level = 0.95, samples = 1000 } = options;
  const data = numbersOf("bootstrapInterval: values", values);
  if (!(level > 0 && level < 1)) {
    throw new InputError(`bootstrapInterval: level must be in (0, 1), got ${level}`);
  }
  checkSamples("bootstrapInterval", samples);
  const n = data.length;
  const means = Float64Array.from({ length: samples }, () => {
    let sum = 0;
    for (const i of rng.randint(0, n, n)) sum += data[i] as number;
    return sum / n;
  }).sort();
  return {
    mean: meanOf(data),
    low: quantile(means, (1 - level) / 2),
    high: quantile(means, (1 + level) / 2),
  };
}

/** A list of at least one number. @throws InputError for an empty one. */
export function numbersOf(what: string, values: ArrayLike<number> | NdArray): Float64Array {
  const data = Float64Array.from("data" in values ? values.data : values);
  if (data.length === 0) throw new InputError(`${what} must hold at least one number, got none`);
  return data;
}

/** @throws InputError unless `samples` is a positive integer. */
export function checkSamples(where: string, samples: number): void {
  if (Number.isInteger(samples) && samples >= 1) return;
  throw new InputError(`${where}: samples must be an integer of at least 1, got ${samples}`);
}

export function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Quantile of ascending numbers, interpolated linearly. */
function quantile(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (place - below) * (high - low);
}
