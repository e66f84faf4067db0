/** Timing of training steps, and the machine's peak to compare with. */

export { type BenchCase, benchPlan, type Ratio, ratios } from "./cases.ts";
export { measurePeak, type Peak } from "./peak.ts";
export { type Stepper, stepperOf } from "./stepper.ts";
export { median, type Timed, type Timing, timeInTurn } from "./timing.ts";
