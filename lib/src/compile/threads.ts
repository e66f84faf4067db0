/** How many threads a program is worth. */

import { elementsComputed, flops, type Program } from "./program.ts";

/**
 * Below this much work per run, a second thread saves nothing: steps of 4e7, 9e7 and 2e8 took as long
 * with two threads as with one, or longer. Large models are far above it.
 */
const workWorthThreads = 2.5e8;

/** Elementwise results cost more time each than a floating-point operation of a matrix product. */
const workPerElement = 8;

/** One thread for small programs, all `cores` for large ones. */
export function threadsFor(program: Program, cores: number): number {
  const work = flops(program) + workPerElement * elementsComputed(program);
  return work < workWorthThreads ? 1 : Math.max(1, cores);
}
