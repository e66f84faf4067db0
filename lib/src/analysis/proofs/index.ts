/** Compact proofs of accuracy of models that find a maximum (Gross et al. 2024). */

import "../../core/runtime.ts";

export type { AccuracyBound } from "./bound.ts";
export { bruteForce, maxBruteForced } from "./brute-force.ts";
export { type MaxCircuits, maxCircuits, sequenceCount } from "./circuits.ts";
export { cubicBound } from "./cubic.ts";
export { subcubicBound } from "./subcubic.ts";
export type { Work } from "./work.ts";
