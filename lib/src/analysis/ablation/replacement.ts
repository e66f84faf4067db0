import { broadcastTo, type Tensor, take, zeros } from "../../arrays/index.ts";
import { InputError, ShapeError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import type { Rng } from "../../core/rng.ts";

/** Zeros of the shape of an activation. */
export function zeroValues(activation: Tensor): Tensor {
  return zeros(activation.shape);
}

/** Over what the mean is taken. */
export interface MeanOptions {
  /** Average over positions as well, for activations "batch pos …"; default false. */
  readonly overPositions?: boolean;
  /** Examples of the result; default as many as the activation has. */
  readonly batch?: number;
}

/**
 * The mean of an activation "batch …" over its examples, of the same shape: what mean ablation puts
 * in. The mean of another data set is that of its own activation, with `batch` examples.
 */
export function meanValues(activation: Tensor, options: MeanOptions = {}): Tensor {
  checkOptions("meanValues", options, { overPositions: true, batch: true });
  const { overPositions = false, batch = activation.shape[0] as number } = options;
  const mean = activation.mean(overPositions ? [0, 1] : 0, { keepdims: true });
  return broadcastTo(mean, [batch, ...activation.shape.slice(1)]);
}

/** For each of n examples another one, from a random cycle through all of them. */
export function otherExamples(n: number, rng: Rng): Int32Array {
  if (n < 2) {
    throw new InputError(`otherExamples: needs at least 2 examples to take from, got ${n}`);
  }
  const cycle = rng.randperm(n);
  const others = new Int32Array(n);
  for (const [i, example] of cycle.entries()) others[example] = cycle[(i + 1) % n] as number;
  return others;
}

/** The activation "batch …" of the examples given: what resample ablation puts in. */
export function resampledValues(activation: Tensor, examples: ArrayLike<number>): Tensor {
  const batch = activation.shape[0] as number;
  const wrong = Array.from(examples).find((i) => !(Number.isInteger(i) && i >= 0 && i < batch));
  if (wrong !== undefined) {
    throw new InputError(`resampledValues: examples must lie in [0, ${batch}), got ${wrong}`);
  }
  return take(activation, Array.from(examples), 0);
}

/** `replacement`, if it has the shape of `x` or broadcasts to it. */
export function fitted(what: string, x: Tensor, replacement: Tensor): Tensor {
  const offset = x.ndim - replacement.ndim;
  const fits = replacement.shape.every((size, i) => size === 1 || size === x.shape[offset + i]);
  if (offset < 0 || !fits) throw new ShapeError(what, x.shape, replacement.shape);
  return broadcastTo(replacement, x.shape);
}
