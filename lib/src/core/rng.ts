/** A random number generator, always an argument. `TorchGenerator` in `rng/` is the one in use. */
export interface Rng {
  /** `n` float32 numbers, uniform in [low, high). */
  uniform(n: number, low?: number, high?: number): Float32Array;
  /** `n` float32 numbers, normal with the given mean and standard deviation. */
  normal(n: number, mean?: number, std?: number): Float32Array;
  /** `n` integers, uniform in [low, high). */
  randint(low: number, high: number, n: number): Int32Array;
  /** A permutation of 0 … n-1. */
  randperm(n: number): Int32Array;
}
