export type { AccuracyBound } from "./bound.ts";
export { bruteForce, mostBruteForced } from "./brute-force.ts";
export { type MaxCircuits, maxCircuits, sequenceCount } from "./circuits.ts";
export { cubicBound } from "./cubic.ts";
export { subcubicBound } from "./subcubic.ts";
export type { Work } from "./work.ts";
